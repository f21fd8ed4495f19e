package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpelledNameTest {

  private static final List<String> NAMES =
      List.of("Server", "server", "SERVER", "sErver", "srv:sda", "büro", "BÜRO", "a.", "a", "😀");

  @Test
  void everyNameIsReadBackFromItsFolder() {
    for (String name : NAMES) {
      assertThat(SpelledName.name(SpelledName.of(name))).isEqualTo(name);
    }
  }

  @Test
  void noTwoFoldersAreWrittenAlikeWhateverIsDoneToLetters() {
    Set<String> folders = new HashSet<>();
    for (String name : NAMES) {
      String folder = SpelledName.of(name);
      assertThat(folder).isEqualTo(folder.toLowerCase(Locale.ROOT)).matches("[ -~]+");
      assertThat(folder).doesNotContainAnyWhitespaces().doesNotContain(":");
      assertThat(folders.add(folder)).as(folder).isTrue();
      assertThat(NAMES).as("a name as it is").doesNotContain(folder);
    }
    assertThat(SpelledName.of("srv:sda")).isEqualTo("srv@3asda");
    assertThat(SpelledName.of("server01.sda")).isEqualTo("@73erver01.sda");
  }

  @Test
  void whatIsNotSpelledOutIsNoSuchFolder() {
    for (String folder : List.of("server", "srv@3Asda", "a@", "a@4", "@61@62", "@zz", "@ff")) {
      assertThat(SpelledName.name(folder)).as(folder).isNull();
    }
  }
}
