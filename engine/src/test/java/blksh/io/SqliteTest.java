package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import blksh.kit.Tmpfs;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SqliteTest {

  @TempDir Path folder;

  private static Connection open(Path file) throws SQLException {
    return Sqlite.open(file, Sqlite.Synchronous.NORMAL, 50);
  }

  private static String ask(Connection connection, String question) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(question)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void execute(Connection connection, String command) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  private static void fails(ThrowingCallable call, Sqlite.Failure expected) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).isInstanceOf(SQLException.class);
    assertThat(Sqlite.failure((Exception) failure)).as(failure.toString()).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource(Sqlite.Synchronous.class)
  void opensWithALogAheadAndAsSafeAsAsked(Sqlite.Synchronous synchronous) throws Exception {
    Path file = folder.resolve("db");
    try (Connection connection = Sqlite.open(file, synchronous, 50)) {
      assertThat(ask(connection, "PRAGMA journal_mode")).isEqualTo("wal");
      assertThat(ask(connection, "PRAGMA busy_timeout")).isEqualTo("50");
      assertThat(ask(connection, "PRAGMA synchronous"))
          .isEqualTo(synchronous == Sqlite.Synchronous.FULL ? "2" : "1");
      assertThat(ask(connection, "PRAGMA foreign_keys")).isEqualTo("0");
      assertThat(Sqlite.version(connection)).isZero();
      assertThat(Sqlite.damage(connection)).isNull();
    }
    Sqlite.delete(file);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aTransactionIsDoneOrNot() throws Exception {
    Path file = folder.resolve("db");
    try (Connection connection = open(file);
        Connection other = open(file)) {
      Sqlite.transaction(
          connection,
          () -> {
            execute(connection, "CREATE TABLE t (n INTEGER)");
            Sqlite.version(connection, 3);
            return null;
          });
      Throwable failure =
          catchThrowable(
              () ->
                  Sqlite.transaction(
                      connection,
                      () -> {
                        execute(connection, "INSERT INTO t VALUES (1)");
                        fails(() -> Sqlite.transaction(other, () -> null), Sqlite.Failure.BUSY);
                        throw new IOException("no");
                      }));
      assertThat(failure).hasMessage("no");
      assertThat(ask(other, "SELECT count(*) FROM t")).isEqualTo("0");
      assertThat(Sqlite.version(other)).isEqualTo(3);
      fails(() -> execute(other, "INSERT INTO nowhere VALUES (1)"), Sqlite.Failure.STATEMENT);
    }
  }

  @Test
  void whatIsNoDatabaseIsDamaged() throws Exception {
    Path file = Files.writeString(folder.resolve("db"), "no database ".repeat(1000));
    fails(() -> open(file).close(), Sqlite.Failure.DAMAGED);
  }

  @Test
  void whereNothingCanBeWrittenItIsReadAsItIs() throws Exception {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m")) {
      Path file = mount.path().resolve("db");
      try (Connection connection = open(file)) {
        execute(connection, "CREATE TABLE t (n INTEGER)");
        execute(connection, "INSERT INTO t VALUES (1)");
      }
      mount.makeReadOnly();
      fails(
          () -> {
            try (Connection connection = open(file)) {
              execute(connection, "INSERT INTO t VALUES (1)");
            }
          },
          Sqlite.Failure.READ_ONLY);
      try (Connection connection = Sqlite.openUnchanging(file)) {
        assertThat(ask(connection, "SELECT count(*) FROM t")).isEqualTo("1");
      }
    }
  }

  @Test
  void aFullFileSystemIsTold() throws Exception {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m");
        Connection connection = open(mount.path().resolve("db"))) {
      execute(connection, "CREATE TABLE t (n BLOB)");
      fails(
          () -> execute(connection, "INSERT INTO t VALUES (randomblob(2000000))"),
          Sqlite.Failure.NO_SPACE);
    }
  }

  @Test
  void aDatabaseInMemoryIsGoneWithItsConnection() throws Exception {
    try (Connection connection = Sqlite.inMemory()) {
      execute(connection, "CREATE TABLE t (n INTEGER)");
      assertThat(ask(connection, "SELECT count(*) FROM t")).isEqualTo("0");
    }
  }

  @Test
  void aPipeInPlaceOfOneOfItsFilesIsDamageAndNotWaitedFor() throws Exception {
    for (String ending : List.of("", "-wal")) {
      Path file = folder.resolve("db" + ending.length());
      Tool.named("mkfifo").run(file + ending);
      fails(() -> open(file), Sqlite.Failure.DAMAGED);
      fails(() -> Sqlite.openUnchanging(file), Sqlite.Failure.DAMAGED);
      Sqlite.delete(file);
      open(file).close();
    }
  }

  @Test
  void itIsItsOwnersAlone() throws Exception {
    Path file = folder.resolve("db");
    try (Connection connection = open(file)) {
      execute(connection, "CREATE TABLE t (x)");
      for (String ending : List.of("", "-wal", "-shm")) {
        Path each = folder.resolve("db" + ending);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
            .as(each.toString())
            .isEqualTo("rw-------");
      }
    }
  }
}
