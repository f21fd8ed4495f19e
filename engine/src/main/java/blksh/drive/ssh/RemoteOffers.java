package blksh.drive.ssh;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The pages of a remote drive that are on their way. When the connection was cut, what had not
 * arrived is asked for again on the next; answers of an earlier one count no more.
 */
final class RemoteOffers {

  private final RemoteChannel drive;

  // Guarded by the drive.
  private AgentLink link;
  private Map<Integer, RemotePages> offers = new LinkedHashMap<>();

  /** Those that are to be asked for when there is room on the wire, in order. */
  private final Deque<RemotePages> toAskFor = new ArrayDeque<>();

  private final Flight flight = new Flight();
  private boolean givenUp;

  RemoteOffers(RemoteChannel drive) {
    this.drive = drive;
  }

  /**
   * Goes on by another connection; while the drive is locked.
   *
   * @param nanos there and back
   * @return what is to be asked for again
   */
  List<RemotePages> beginOn(AgentLink next, long nanos) {
    List<RemotePages> again = new ArrayList<>(offers.values());
    again.removeIf(RemotePages::isWhole);
    offers = new LinkedHashMap<>();
    again.forEach(pages -> offers.put(pages.beginOn(next.nextNumber()), pages));
    if (!drive.keepsBytes()) { // digests are all that is wanted, and those that came stay
      again.removeIf(RemotePages::staysTold);
    }
    toAskFor.clear();
    flight.begin(nanos);
    link = next;
    return again;
  }

  /** Asks for digests; the caller sends what was asked before to a new connection. */
  void ask(AgentLink used, RemotePages pages, int number) {
    used.send(drive.hashing(), drive.channel(), number, pages.request());
  }

  RemotePages offer(long position, int length) {
    RemotePages pages = new RemotePages(drive, this, position, length);
    AgentLink used;
    int number;
    synchronized (drive) {
      used = link;
      number = pages.beginOn(used.nextNumber());
      offers.put(number, pages);
    }
    ask(used, pages, number);
    return pages;
  }

  /** Takes an answer. */
  void came(AgentLink from, AgentFrame frame) {
    synchronized (drive) {
      if (from != link || givenUp) {
        return;
      }
      RemotePages pages = offers.get(frame.number());
      if (pages == null) {
        if (drive.isOver()) {
          return;
        }
        throw from.garbage("it answers what was not asked");
      }
      drive.patience().answered();
      switch (frame.kind()) {
        case AgentFrame.DIGESTS -> {
          pages.digestsCame(frame.content());
          if (!drive.keepsBytes()) {
            from.progress();
          }
          if (pages.isAsked()) {
            toAskFor.add(pages);
          }
        }
        case AgentFrame.PAGES -> {
          int bytes = pages.pagesCame(frame.content());
          flight.came(bytes, frame.payload().length, System.nanoTime());
          from.progress(); // they are kept, whenever the rest comes
        }
        case AgentFrame.FAILED -> pages.fail(drive.failure(frame));
        default -> throw from.garbage("it answers something else than was asked");
      }
      boolean come = frame.kind() == AgentFrame.PAGES && pages.isWhole();
      if (come || pages.hasFailed()) {
        flight.landed(pages.expected());
        offers.remove(frame.number());
        toAskFor.remove(pages);
        from.progress();
      }
      drive.notifyAll();
    }
    sendWanted();
  }

  /** Says which pages are wanted, unless their digests are on their way again. */
  void want(RemotePages pages) {
    synchronized (drive) {
      if (pages.isTold()) { // else it is said when they come
        toAskFor.add(pages);
      }
    }
    sendWanted();
  }

  /** Asks for what is wanted, as far as there is room on the wire. */
  private void sendWanted() {
    while (true) {
      AgentLink used;
      byte[] mask;
      int number;
      synchronized (drive) {
        if (toAskFor.isEmpty() || !flight.hasRoom()) {
          return;
        }
        RemotePages pages = toAskFor.remove();
        used = link;
        number = pages.number();
        mask = pages.mask();
        pages.expect(flight.began(pages.missingBytes()));
        if (pages.isWhole()) {
          flight.landed(pages.expected());
          offers.remove(number);
          used.progress();
        }
      }
      if (drive.keepsBytes()) {
        used.send(AgentFrame.WANT, drive.channel(), number, mask);
      }
    }
  }

  /** Nobody waits for any of them; while the drive is locked. */
  void giveUp() {
    givenUp = true;
    offers.clear();
    toAskFor.clear();
  }
}
