package blksh.workspace;

import blksh.cache.Cache;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The known caches in the database. */
final class CacheTable {

  /** How blkcache and blksh end the name of a cache: {@code FILE.cache.FINGERPRINT~}. */
  private static final String ENDING = "\\.cache\\.[0-9a-f-]+~$";

  private CacheTable() {}

  /** What is noted of an open cache; its name is only proposed. */
  static KnownCache of(Cache cache, Instant used) {
    Path data = cache.dataFile().toAbsolutePath().normalize();
    return new KnownCache(
        data.getFileName().toString().replaceFirst(ENDING, ""),
        data,
        cache.mapFile().toAbsolutePath().normalize(),
        cache.describe().location(),
        cache.medium(),
        cache.size(),
        used);
  }

  /** Notes that a cache was used; a new one gets a number when its name is taken. */
  static void remember(Connection connection, KnownCache cache) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE cache SET map = ?, source = ?, medium = ?, size = ?, last_used = ?"
                + " WHERE data = ?")) {
      statement.setString(1, cache.map().toString());
      statement.setString(2, cache.source());
      statement.setString(3, cache.medium());
      statement.setLong(4, cache.size());
      statement.setLong(5, cache.lastUsed().toEpochMilli());
      statement.setString(6, cache.data().toString());
      if (statement.executeUpdate() > 0) {
        return;
      }
    }
    Set<String> taken = new HashSet<>();
    list(connection).forEach(known -> taken.add(known.name()));
    String name = cache.name();
    for (int number = 2; taken.contains(name); number++) {
      name = cache.name() + "-" + number;
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO cache (name, data, map, source, medium, size, last_used)"
                + " VALUES (?, ?, ?, ?, ?, ?, ?)")) {
      statement.setString(1, name);
      statement.setString(2, cache.data().toString());
      statement.setString(3, cache.map().toString());
      statement.setString(4, cache.source());
      statement.setString(5, cache.medium());
      statement.setLong(6, cache.size());
      statement.setLong(7, cache.lastUsed().toEpochMilli());
      statement.executeUpdate();
    }
  }

  /** Notes that the files of a cache have another name now. */
  static void rename(Connection connection, Path before, KnownCache now) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("UPDATE OR REPLACE cache SET data = ? WHERE data = ?")) {
      statement.setString(1, now.data().toString());
      statement.setString(2, before.toString());
      statement.executeUpdate();
    }
    remember(connection, now);
  }

  /** By name. */
  static List<KnownCache> list(Connection connection) throws SQLException {
    List<KnownCache> caches = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT * FROM cache ORDER BY name")) {
      while (rows.next()) {
        caches.add(
            new KnownCache(
                rows.getString("name"),
                Path.of(rows.getString("data")),
                Path.of(rows.getString("map")),
                rows.getString("source"),
                rows.getString("medium"),
                rows.getLong("size"),
                Instant.ofEpochMilli(rows.getLong("last_used"))));
      }
    }
    return caches;
  }

  static void drop(Connection connection, Path data) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("DELETE FROM cache WHERE data = ?")) {
      statement.setString(1, data.toString());
      statement.executeUpdate();
    }
  }
}
