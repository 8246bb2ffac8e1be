/**
 * Data files in Parquet, read by DuckDB. Nothing is called here: with this module on the class
 * path, {@link dev.temper.data.Rows} opens Parquet files as it does others.
 */
@org.jspecify.annotations.NullMarked
package dev.temper.parquet;
