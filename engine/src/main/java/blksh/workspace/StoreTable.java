package blksh.workspace;

import blksh.Place;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** The known stores in the database. */
final class StoreTable {

  private StoreTable() {}

  /**
   * Notes that a store was used. One that was moved keeps its name; a new one is named after the
   * last part of its place, with a number when the name is taken.
   *
   * @param isStore whether there is a store at a place now
   */
  static void remember(
      Connection connection, Place place, String id, Instant used, Predicate<Place> isStore)
      throws SQLException {
    List<KnownStore> known = list(connection);
    Optional<KnownStore> before =
        known.stream()
            .filter(store -> store.place().equals(place))
            .findFirst()
            .or(
                () ->
                    known.stream()
                        .filter(store -> store.id().equals(id) && !isStore.test(store.place()))
                        .findFirst());
    if (before.isPresent()) {
      update(
          connection,
          "UPDATE store SET path = ?, id = ?, last_used = ? WHERE name = ?",
          place.toString(),
          id,
          used.toEpochMilli(),
          before.get().name());
    } else {
      update(
          connection,
          "INSERT INTO store (path, id, last_used, name) VALUES (?, ?, ?, ?)",
          place.toString(),
          id,
          used.toEpochMilli(),
          freeName(place, known));
    }
  }

  private static String freeName(Place place, List<KnownStore> known) {
    Set<String> taken = new HashSet<>();
    known.forEach(store -> taken.add(store.name()));
    String plain = place.name();
    String name = plain;
    for (int number = 2; taken.contains(name); number++) {
      name = plain + "-" + number;
    }
    return name;
  }

  /** By name; whether they are reachable is not looked at. */
  static List<KnownStore> list(Connection connection) throws SQLException {
    List<KnownStore> stores = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT * FROM store ORDER BY name")) {
      while (rows.next()) {
        stores.add(
            new KnownStore(
                rows.getString("name"),
                Place.parse(rows.getString("path")),
                rows.getString("id"),
                Instant.ofEpochMilli(rows.getLong("last_used")),
                false));
      }
    }
    return stores;
  }

  static void drop(Connection connection, String name) throws SQLException {
    update(connection, "DELETE FROM store WHERE name = ?", name);
  }

  private static void update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }
}
