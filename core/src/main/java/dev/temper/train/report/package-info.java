/** What a run leaves behind for people: its directory, {@code run.json} and an HTML report. */
@org.jspecify.annotations.NullMarked
package dev.temper.train.report;
