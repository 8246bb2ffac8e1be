package dev.temper.parquet;

import dev.temper.data.DataException;
import dev.temper.data.Origin;
import dev.temper.data.Row;
import dev.temper.data.RowLimits;
import dev.temper.data.RowReader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** The rows of one Parquet file, streamed. */
final class ParquetRowReader implements RowReader {
  private final Path file;
  private final RowLimits limits;
  private final Connection database;
  private final Statement statement;
  private final ResultSet rows;
  private long row;

  private ParquetRowReader(
      Path file, RowLimits limits, Connection database, Statement statement, ResultSet rows) {
    this.file = file;
    this.limits = limits;
    this.database = database;
    this.statement = statement;
    this.rows = rows;
  }

  static ParquetRowReader open(Path file, RowLimits limits) {
    String path = file.toAbsolutePath().toString();
    if (path.matches(".*[*?\\[].*")) {
      throw new DataException(
          file + ": a Parquet file whose path has one of * ? [ cannot be read; rename it");
    }
    String literal = "'" + path.replace("'", "''") + "'";
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    Connection database = null;
    try {
      database = DriverManager.getConnection("jdbc:duckdb:", properties);
      Statement statement = database.createStatement();
      for (String setting :
          List.of(
              "autoinstall_known_extensions=false",
              "autoload_known_extensions=false",
              "memory_limit='1GiB'",
              "threads=1",
              "temp_directory=''",
              "allowed_paths=[" + literal + "]",
              "enable_external_access=false",
              "lock_configuration=true")) {
        statement.execute("SET " + setting);
      }
      ResultSet rows =
          statement.executeQuery("SELECT to_json(t) FROM read_parquet(" + literal + ") t");
      return new ParquetRowReader(file, limits, database, statement, rows);
    } catch (SQLException e) {
      DataException problem = unreadable(Origin.memory(file.toString()), e);
      closeQuietly(database, problem);
      throw problem;
    }
  }

  @Override
  public @Nullable Row next() {
    Origin origin = new Origin(file.toString(), 0, row);
    try {
      if (!rows.next()) {
        return null;
      }
      String json = rows.getString(1);
      row++;
      if (json == null) {
        throw new DataException(origin, "the row is null");
      }
      return Row.fromJson(origin, json, limits);
    } catch (SQLException e) {
      throw unreadable(origin, e);
    }
  }

  @Override
  public void close() {
    try (database;
        statement;
        rows) {
      // Closed in the order of the resources, last one first.
    } catch (SQLException e) {
      throw unreadable(Origin.memory(file.toString()), e);
    }
  }

  private static DataException unreadable(Origin origin, SQLException e) {
    String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    // What the driver says when an error comes up between two rows.
    boolean hidden = said.toLowerCase(Locale.ROOT).contains("invalid result set");
    return new DataException(
        origin,
        "not a Parquet file that can be read: "
            + (hidden ? "its data is damaged at or soon after this row" : said),
        e);
  }

  private static void closeQuietly(@Nullable Connection database, DataException problem) {
    if (database != null) {
      try {
        database.close();
      } catch (SQLException e) {
        problem.addSuppressed(e);
      }
    }
  }
}
