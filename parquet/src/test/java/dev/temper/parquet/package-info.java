/** Tests of Parquet files. */
@org.jspecify.annotations.NullMarked
package dev.temper.parquet;
