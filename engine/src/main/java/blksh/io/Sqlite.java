package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.sqlite.JDBC;
import org.sqlite.SQLiteErrorCode;

/**
 * SQLite databases, all opened in one way: with a write-ahead log, so that any number of processes
 * read while one writes, and waiting for whoever has it locked. Foreign keys are not enforced: no
 * schema here has any. The first use loads SQLite, which takes longer than most of what is asked of
 * it.
 */
public final class Sqlite {

  private static final long LOOK_NANOS = 5_000_000;

  private Sqlite() {}

  /** What a power cut may take. */
  public enum Synchronous {
    /** The last transactions, never a part of one. */
    NORMAL,
    /** Nothing that was committed. */
    FULL
  }

  /** What kind of failure SQLite met. */
  public enum Failure {
    /** It cannot be written. */
    READ_ONLY,
    /** It may not be opened. */
    DENIED,
    /** There is no room for it. */
    NO_SPACE,
    /** Its disk failed, or has no room for what is beside it. */
    FAILED,
    /** Somebody had it locked for longer than was waited. */
    BUSY,
    /** It is no database, or not as SQLite left it. */
    DAMAGED,
    /** A statement does not fit the tables. */
    STATEMENT,
    OTHER
  }

  /**
   * Opens a database, or makes an empty one, for its owner alone.
   *
   * @param patienceMillis how long is waited for a lock that somebody has
   */
  public static Connection open(Path file, Synchronous synchronous, int patienceMillis)
      throws SQLException {
    look(file);
    makeForOwner(file);
    Connection connection = connect(JDBC.PREFIX + file, synchronous, patienceMillis);
    boolean ready = false;
    try {
      useWriteAheadLog(connection, patienceMillis);
      ready = true;
      return connection;
    } finally {
      if (!ready) {
        connection.close();
      }
    }
  }

  /** A database that lives as long as it is open. */
  public static Connection inMemory() throws SQLException {
    return connect(JDBC.PREFIX + ":memory:", Synchronous.NORMAL, 0);
  }

  /** A database to read on a file system that cannot be written, where nobody changes it. */
  public static Connection openUnchanging(Path file) throws SQLException {
    look(file);
    return connect(
        JDBC.PREFIX + file.toAbsolutePath().toUri() + "?immutable=1", Synchronous.NORMAL, 0);
  }

  /** SQLite would wait for ever for a pipe in place of one of its files. */
  private static void look(Path file) throws SQLException {
    for (Path each : filesOf(file)) {
      try {
        FileType.requireRegular(each);
      } catch (IOException e) {
        throw new SQLException(
            "%s: %s".formatted(each, IoFailure.reason(e)),
            null,
            SQLiteErrorCode.SQLITE_NOTADB.code,
            e);
      }
    }
  }

  /** What SQLite makes beside a database gets the permissions of that. */
  private static void makeForOwner(Path file) {
    try {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        Files.createFile(file, OwnerOnly.file());
      }
    } catch (IOException e) {
      // somebody was faster, or SQLite tells why it cannot be made
    }
  }

  private static List<Path> filesOf(Path file) {
    return Stream.of("-wal", "-shm", "")
        .map(ending -> file.resolveSibling(file.getFileName() + ending))
        .toList();
  }

  private static Connection connect(String url, Synchronous synchronous, int patienceMillis)
      throws SQLException {
    Properties options = new Properties();
    options.setProperty("busy_timeout", Integer.toString(patienceMillis));
    options.setProperty("synchronous", synchronous.name());
    return JDBC.createConnection(url, options);
  }

  /** Nobody waits for the lock that changing the journal takes, so a lost race is tried again. */
  private static void useWriteAheadLog(Connection connection, int patienceMillis)
      throws SQLException {
    long deadline = System.nanoTime() + patienceMillis * 1_000_000L;
    while (true) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode = WAL");
        return;
      } catch (SQLException e) {
        if (code(e) != SQLiteErrorCode.SQLITE_BUSY || System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(LOOK_NANOS);
      }
    }
  }

  /** Changes how long is waited for a lock that somebody has. */
  public static void patience(Connection connection, int millis) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = " + millis);
    }
  }

  /** Work on a connection. */
  public interface Work<T> {
    T run() throws SQLException, IOException;
  }

  /** Takes the write lock at once: a lock upgraded later could not be waited for. */
  public static <T> T transaction(Connection connection, Work<T> work)
      throws SQLException, IOException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      try {
        T result = work.run();
        statement.execute("COMMIT");
        return result;
      } catch (SQLException | IOException | RuntimeException | Error e) {
        try {
          statement.execute("ROLLBACK");
        } catch (SQLException alreadyRolledBack) {
          e.addSuppressed(alreadyRolledBack);
        }
        throw e;
      }
    }
  }

  /** The number its makers gave the schema; 0 when there is none yet. */
  public static int version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("PRAGMA user_version")) {
      rows.next();
      return rows.getInt(1);
    }
  }

  /** Gives the schema a number, in the transaction that makes it. */
  public static void version(Connection connection, int version) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = " + version);
    }
  }

  /** What SQLite's own check finds wrong, or null. */
  public static String damage(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("PRAGMA integrity_check")) {
      String first = rows.next() ? rows.getString(1) : "it cannot be checked";
      return first.equals("ok") ? null : first;
    }
  }

  /**
   * That its own check finds nothing wrong.
   *
   * @throws SQLException of the kind {@code DAMAGED} when it does
   */
  public static void requireWhole(Connection connection) throws SQLException {
    String damage = damage(connection);
    if (damage != null) {
      throw new SQLException(damage, null, SQLiteErrorCode.SQLITE_CORRUPT.code);
    }
  }

  /** The kind of a failure, {@code OTHER} when it is none of SQLite's. */
  public static Failure failure(Exception e) {
    return switch (code(e)) {
      case SQLITE_READONLY, SQLITE_CANTOPEN -> Failure.READ_ONLY;
      case SQLITE_PERM, SQLITE_AUTH -> Failure.DENIED;
      case SQLITE_FULL -> Failure.NO_SPACE;
      case SQLITE_IOERR -> Failure.FAILED;
      case SQLITE_BUSY, SQLITE_LOCKED -> Failure.BUSY;
      case SQLITE_CORRUPT, SQLITE_NOTADB -> Failure.DAMAGED;
      case SQLITE_ERROR -> Failure.STATEMENT;
      default -> Failure.OTHER;
    };
  }

  /** Whether a failure, or what led to it, is that there is no room for a database. */
  public static boolean isFull(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException e && failure(e) == Failure.NO_SPACE) {
        return true;
      }
    }
    return false;
  }

  private static SQLiteErrorCode code(Exception e) {
    return e instanceof SQLException sql
        ? SQLiteErrorCode.getErrorCode(sql.getErrorCode() & 0xff)
        : SQLiteErrorCode.UNKNOWN_ERROR;
  }

  /** Removes the files of a database that nobody has open. */
  public static void delete(Path file) throws IOException {
    for (Path each : filesOf(file)) {
      Files.deleteIfExists(each);
    }
  }

  /**
   * Gives a database the place of another, which may be anything, and its owner and permissions;
   * durable when it returns. Nobody has either open.
   *
   * @throws IOException when something is left of the new one that is not in its file
   */
  public static void replace(Path fresh, Path file) throws IOException {
    for (Path each : filesOf(fresh)) {
      if (!each.equals(fresh) && Files.exists(each) && Files.size(each) > 0) {
        throw new IOException(each + " was not emptied");
      }
    }
    try (OpenFile contents =
        OpenFile.open(fresh, OpenFile.Use.WRITE_PLAIN, OpenFile.WhenInterrupted.FINISH)) {
      contents.force(true);
    }
    KeptAttributes.copy(file, fresh);
    // The log of the other first, durably: SQLite would take it for that of the new one.
    for (Path each : filesOf(file)) {
      if (!each.equals(file)) {
        Files.deleteIfExists(each);
      }
    }
    Path directory = file.toAbsolutePath().getParent();
    PartFile.syncDirectory(directory);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    PartFile.syncDirectory(directory);
  }
}
