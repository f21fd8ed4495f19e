package blksh.mount.nbd;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a server was asked to tell of blocks, in each context that was agreed on. */
final class NbdStatus extends NbdRequest {

  /** Runs that are kept of an answer; from where they end it is asked again. */
  private static final int MOST_KEPT = 16 << 10;

  private final NbdTerms terms;
  private final Map<String, List<Run>> told = new HashMap<>();

  /** Blocks that are alike. @param flags of the context, in their lower half */
  record Run(long start, long end, long flags) {}

  NbdStatus(NbdTerms terms, long position, int length) {
    super(NbdProtocol.CMD_BLOCK_STATUS, position, length);
    this.terms = terms;
  }

  @Override
  void takeSimple(NbdWire wire) throws IOException {
    throw new NbdGarbage("it does not tell of blocks what was asked");
  }

  @Override
  void takeStatus(int context, int count, NbdWire wire) throws IOException {
    String name = terms.contexts().get(context);
    if (name == null || told.containsKey(name)) {
      throw new NbdGarbage("it tells of blocks in a way that nobody asked for");
    }
    List<Run> runs = new ArrayList<>();
    long at = position;
    for (int i = 0; i < count; i++) {
      long bytes = Integer.toUnsignedLong(wire.getInt());
      long flags = Integer.toUnsignedLong(wire.getInt());
      if (bytes == 0 || at >= position + length || bytes > terms.size() - at) {
        throw new NbdGarbage("it tells of blocks where nothing was asked");
      }
      if (runs.size() < MOST_KEPT) {
        long end = Math.min(position + length, at + bytes);
        runs.add(new Run(at, end, flags));
      }
      at += bytes;
    }
    told.put(name, runs);
  }

  /** A server may leave a context out, but for what it told of it is believed. */
  @Override
  void mustBeWhole() throws NbdGarbage {
    if (told.isEmpty()) {
      throw new NbdGarbage("it does not tell of blocks what was asked");
    }
  }

  /** What a context says from the beginning on, one after the other; empty when it says nothing. */
  List<Run> runs(String context) {
    return told.getOrDefault(context, List.of());
  }

  /** What is so in one or the other of two lists that begin at one byte, as far as both go. */
  static List<Run> either(List<Run> one, List<Run> other) {
    List<Run> all = new ArrayList<>();
    long at = one.get(0).start();
    int i = 0;
    int k = 0;
    while (i < one.size() && k < other.size()) {
      Run first = one.get(i);
      Run second = other.get(k);
      long end = Math.min(first.end(), second.end());
      all.add(new Run(at, end, first.flags() | second.flags()));
      at = end;
      i += first.end() == end ? 1 : 0;
      k += second.end() == end ? 1 : 0;
    }
    return all;
  }
}
