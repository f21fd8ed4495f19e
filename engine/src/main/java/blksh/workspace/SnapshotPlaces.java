package blksh.workspace;

import blksh.Place;
import blksh.snapshot.LinkedSnapshots;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * The directories of snapshots that were used before. Those in stores are not among them: the list
 * of stores leads there.
 */
public final class SnapshotPlaces {

  private final Ledger ledger;

  SnapshotPlaces(Ledger ledger) {
    this.ledger = ledger;
  }

  /**
   * Notes a place that was used, if it is a directory with snapshots.
   *
   * @return whether it is one
   */
  public boolean remember(Place place) {
    if (!isThere(place)) {
      return false;
    }
    ledger.note(
        connection -> {
          try (PreparedStatement statement =
              connection.prepareStatement("INSERT OR IGNORE INTO snapshot_place VALUES (?)")) {
            statement.setString(1, place.toString());
            return statement.executeUpdate();
          }
        });
    return true;
  }

  private static boolean isThere(Place place) {
    return place instanceof Place.Local local && LinkedSnapshots.isThere(local.path());
  }

  /**
   * Those that are there now, by path.
   *
   * @throws blksh.BlkshException when the list cannot be read
   */
  public List<Place> list() {
    List<Place> known =
        ledger.read(
            List.of(),
            connection -> {
              List<Place> all = new ArrayList<>();
              try (Statement statement = connection.createStatement();
                  ResultSet rows =
                      statement.executeQuery("SELECT path FROM snapshot_place ORDER BY path")) {
                while (rows.next()) {
                  all.add(Place.parse(rows.getString(1)));
                }
              }
              return all;
            });
    return known.stream().filter(SnapshotPlaces::isThere).toList();
  }
}
