package blksh.parity;

/**
 * The field of 256 elements that the code counts in: polynomials over {0, 1} modulo x^8 + x^4 + x^3
 * + x^2 + 1, of which x generates all but 0. Elements are 0 to 255, and their sum is {@code ^}.
 */
final class Field {

  /** The modulus without its highest power. */
  static final int MODULUS = 0x1d;

  private static final int ORDER = 255;
  private static final int[] POWER = new int[2 * ORDER];
  private static final int[] LOGARITHM = new int[ORDER + 1];

  static {
    int power = 1;
    for (int i = 0; i < ORDER; i++) {
      POWER[i] = power;
      POWER[i + ORDER] = power;
      LOGARITHM[power] = i;
      power = power << 1 ^ (power > 127 ? 256 | MODULUS : 0);
    }
  }

  private Field() {}

  static int product(int a, int b) {
    return a == 0 || b == 0 ? 0 : POWER[LOGARITHM[a] + LOGARITHM[b]];
  }

  /** By an element that is not 0. */
  static int quotient(int a, int b) {
    return a == 0 ? 0 : POWER[LOGARITHM[a] + ORDER - LOGARITHM[b]];
  }
}
