package blksh.powercut;

import java.io.EOFException;
import java.io.IOException;

/** How a program tells what it does and did; it goes on when that is noted. */
final class Telling {

  private Telling() {}

  static void tell(String text) throws IOException {
    System.out.println(text);
    if (System.in.read() < 0) {
      throw new EOFException("nobody listens");
    }
  }
}
