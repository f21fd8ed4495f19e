package blksh.catalogue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/** What the catalogues on the discs of a set say of themselves: nothing that is by chance. */
final class DiscHeading {

  private DiscHeading() {}

  static OdarchiveHeading of(Catalogue catalogue, Instant made, long capacity) {
    String plan = "%s %d %d".formatted(catalogue.jobId(), made.toEpochMilli(), capacity);
    String guid = UUID.nameUUIDFromBytes(plan.getBytes(StandardCharsets.UTF_8)).toString();
    return catalogue.heading(guid, OdarchiveWriter.time(made.getEpochSecond()), capacity);
  }
}
