package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

class PaletteTest {

  private static final int[] STEPS = {0, 95, 135, 175, 215, 255};

  @Test
  void everyColourIsReadOnBlackAndOnWhite() throws IllegalAccessException {
    int count = 0;
    for (Field field : Palette.class.getDeclaredFields()) {
      if (Modifier.isPublic(field.getModifiers())) {
        double luminance = luminance(field.getInt(null));
        assertThat((luminance + 0.05) / 0.05).as(field + " on black").isGreaterThan(3);
        assertThat(1.05 / (luminance + 0.05)).as(field + " on white").isGreaterThan(3);
        count++;
      }
    }
    assertThat(count).isGreaterThan(5);
  }

  /** Of a colour of the cube or a grey, as the guidelines for contrast of the web reckon. */
  private static double luminance(int colour) {
    if (colour >= 232) {
      return linear(8 + 10 * (colour - 232));
    }
    int cube = colour - 16;
    return 0.2126 * linear(STEPS[cube / 36])
        + 0.7152 * linear(STEPS[cube / 6 % 6])
        + 0.0722 * linear(STEPS[cube % 6]);
  }

  private static double linear(int part) {
    double share = part / 255.0;
    return share <= 0.03928 ? share / 12.92 : Math.pow((share + 0.055) / 1.055, 2.4);
  }
}
