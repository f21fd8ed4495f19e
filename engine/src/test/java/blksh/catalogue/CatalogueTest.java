package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.FileType;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogueTest {

  @TempDir Path dir;

  private Path tree;
  private Catalogue catalogue;

  @BeforeEach
  void open() throws IOException {
    tree = Files.createDirectory(dir.resolve("tree"));
    catalogue = Catalogue.openOrCreate(dir.resolve("c.catalogue"), "photos");
  }

  @AfterEach
  void close() {
    catalogue.close();
  }

  private ScanReport scan() {
    return catalogue.scan(tree, WalkOptions.ALL, Task.unwatched());
  }

  private List<String> found(String pattern) {
    List<String> found = new ArrayList<>();
    catalogue.find(pattern, each -> found.add(each.text()));
    found.sort(null);
    return found;
  }

  private void letItSettle() throws IOException {
    FileTrees.script(tree, "sleep 0.1");
  }

  @Test
  void findsWhatIsThereByNamePatternAndPath() throws IOException {
    FileTrees.script(
        tree,
        """
        mkdir -p 2019/holiday 2020 empty; printf one > 2019/holiday/IMG_1.jpg; printf two > 2020/IMG_1.jpg
        printf three > 2020/notes.txt; ln -s notes.txt 2020/link; printf four > $'2020/Gr\\xf6\\xdfe.jpg'
        """);

    ScanReport report = scan();

    assertThat(report.files()).isEqualTo(4);
    assertThat(report.read()).isEqualTo(4);
    assertThat(report.problemCount()).isZero();
    assertThat(found("*.jpg"))
        .containsExactly("2019/holiday/IMG_1.jpg", "2020/Gr\\xf6\\xdfe.jpg", "2020/IMG_1.jpg");
    assertThat(found("2019/**")).containsExactly("2019/holiday", "2019/holiday/IMG_1.jpg");
    assertThat(found("IMG*")).hasSize(2);
    assertThat(found("*[1-9].jpg")).hasSize(2);
    assertThat(found("li?k")).containsExactly("2020/link");
    assertThat(found("IM*")).as("too short for runs of three").hasSize(2);
    assertThat(found("2020/n*")).containsExactly("2020/notes.txt");
    assertThat(found("G*")).containsExactly("2020/Gr\\xf6\\xdfe.jpg");
    assertThat(found("H*")).isEmpty();
    assertThat(found("i*")).isEmpty();
    assertThat(found("empty/")).containsExactly("empty");
    assertThat(found("*")).hasSize(9);
    assertThat(catalogue.which("IMG_1.jpg")).hasSize(2);
    assertThat(catalogue.which("holiday/IMG_1.jpg"))
        .singleElement()
        .satisfies(it -> assertThat(it.text()).isEqualTo("2019/holiday/IMG_1.jpg"));
    assertThat(catalogue.which("Gr\\xf6\\xdfe.jpg")).hasSize(1);
    assertThat(catalogue.which("link"))
        .singleElement()
        .satisfies(it -> assertThat(it.type()).isEqualTo(FileType.LINK));
  }

  @Test
  void findsWhatIsNotIndexedYet() throws IOException {
    FileTrees.script(tree, "echo 1 > one.jpg");
    scan();
    FileTrees.script(tree, "echo 2 > two.jpg");
    CatalogueFile file = catalogue.file();
    new CatalogueScan(file, 1, tree, WalkOptions.ALL, Task.unwatched()).run();
    List<String> found = new ArrayList<>();

    new NameSearch(file, catalogue.sources()).find("*.jpg", each -> found.add(each.text()));

    assertThat(found).containsExactlyInAnyOrder("one.jpg", "two.jpg");
  }

  @Test
  void readsAgainOnlyWhatChanged() throws IOException {
    FileTrees.script(tree, "mkdir a; for i in $(seq 40); do printf $i > a/f$i; done");
    letItSettle();
    assertThat(scan().read()).isEqualTo(40);

    assertThat(scan().read()).as("nothing changed").isZero();

    FileTrees.script(
        tree, "rm a/f1; printf other > a/f2; printf new > b; mv a/f3 a/g3; chmod 600 a/f4");
    letItSettle();
    ScanReport third = scan();
    assertThat(third.read()).as("changed, new, moved and with another mode").isEqualTo(4);
    List<String> gone = catalogue.gone(third.scan(), 100).stream().map(it -> it.text()).toList();
    assertThat(gone).contains("a/f1", "a/f2", "a/f3", "a/f4").doesNotContain("a/f5", "b");
    assertThat(catalogue.which("f1")).isEmpty();
    assertThat(found("f*")).hasSize(38);
    assertThat(catalogue.scans()).hasSize(3);
  }

  @Test
  void goesOnWhereAScanWasBrokenOff() throws IOException {
    FileTrees.script(
        tree, "for i in $(seq 300); do head -c 20000 /dev/zero > f$i; printf $i >> f$i; done");
    letItSettle();
    Task task = new Task("scan", "tree");
    Thread stopping =
        new Thread(
            () -> {
              while (task.done() < 1_000_000) {
                Thread.onSpinWait();
              }
              task.cancel();
            });
    stopping.start();

    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> catalogue.scan(tree, WalkOptions.ALL, task))
        .hasMessageContaining("interrupted");

    ScanReport second = scan();
    assertThat(second.files()).isEqualTo(300);
    assertThat(second.read()).isBetween(1L, 260L);
    assertThat(catalogue.scans().get(1).ended()).isNull();
  }

  /** Scans in a process of its own, which may not read whatever it likes. */
  static final class Scanning {
    public static void main(String[] words) {
      try (Catalogue catalogue = Catalogue.openOrCreate(Path.of(words[0]), "photos")) {
        catalogue
            .scan(Path.of(words[1]), WalkOptions.ALL, Task.unwatched())
            .problems()
            .forEach(System.out::println);
      }
    }
  }

  @Test
  void whatCannotBeReadNowKeepsTheContentsItHad() throws IOException {
    Component.needRoot();
    FileTrees.script(tree, "echo kept > shut; echo never > closed; chmod 0 closed; chmod 755 .");
    letItSettle();
    assertThat(scan().problemCount()).isZero();
    long content = content("shut");
    FileTrees.script(tree, "chmod 0 shut; touch -d 2001-01-01 closed; sleep 0.1");
    catalogue.close();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Tool.Ended ended =
        Tool.named("setpriv")
            .attempt(
                "--bounding-set=-dac_override,-dac_read_search",
                java,
                "-cp",
                System.getProperty("java.class.path"),
                Scanning.class.getName(),
                dir.resolve("c.catalogue"),
                tree);
    Component.need(ended.status() == 0, "this needs to be root: " + ended.output());
    catalogue = Catalogue.openOrCreate(dir.resolve("c.catalogue"), "photos");

    assertThat(ended.output())
        .contains("shut: it could not be read", "closed: it could not be read");
    assertThat(content("shut")).isEqualTo(content);
    assertThat(content("closed")).as("its time is another").isZero();
    assertThat(scan().read()).as("both are tried again").isEqualTo(2);
    assertThat(content("shut")).isEqualTo(content);
  }

  private long content(String name) {
    return catalogue
        .file()
        .call(
            "ask",
            () ->
                catalogue
                    .file()
                    .number(0, "SELECT content FROM entry WHERE name = ? AND gone IS NULL", name));
  }

  @Test
  void aTreeThatIsEmptyAllOfASuddenIsSaid() throws IOException {
    FileTrees.script(tree, "echo x > x");
    assertThat(scan().problemCount()).isZero();
    FileTrees.script(tree, "rm x");

    assertThat(scan().problems()).singleElement().asString().contains("nothing is there any more");
    assertThat(scan().problemCount()).as("it was said").isZero();
  }

  @Test
  void leavesItselfAndItsImagesOut() throws IOException {
    FileTrees.script(tree, "echo x > x");
    Path own = tree.resolve("own.catalogue");
    try (Catalogue inside = Catalogue.openOrCreate(own, "photos")) {
      inside.scan(tree, WalkOptions.ALL, Task.unwatched());
      SegmentOptions options = SegmentOptions.of(Media.of(4_000_000));
      Disc disc = inside.segment(options, false, Task.unwatched()).discs().get(0);
      inside.write(disc, tree.resolve("one.iso"), false, false, Task.unwatched());

      ScanReport again = inside.scan(tree, WalkOptions.ALL, Task.unwatched());

      assertThat(again.files()).isEqualTo(1);
      assertThat(again.problemCount()).isZero();
      assertThat(inside.segment(options, false, Task.unwatched()).discs()).hasSize(1);
    }
  }

  @Test
  void tellsADirectoryThatBecameAFileAndOneThatIsGone() throws IOException {
    FileTrees.script(tree, "mkdir -p x/y z/w; printf 1 > x/y/one; printf 2 > z/w/two");
    scan();
    FileTrees.script(tree, "rm -r x z; printf 3 > x");
    letItSettle();

    ScanReport report = scan();

    assertThat(found("*")).containsExactly("x");
    assertThat(catalogue.gone(report.scan(), 100).stream().map(it -> it.text()))
        .contains("x", "x/y", "x/y/one", "z", "z/w", "z/w/two");
  }

  @Test
  void countsDuplicatesByContentAndHardLinksOnce() throws IOException {
    FileTrees.script(
        tree, "head -c 5000 /dev/urandom > a; cp a b; cp a c; ln a d; printf x > e; : > f; : > g");
    scan();

    List<DuplicateContent> twice = catalogue.duplicates(10);

    assertThat(twice).hasSize(1);
    assertThat(twice.get(0).files()).isEqualTo(3);
    assertThat(twice.get(0).wasted()).isEqualTo(10_000);
    assertThat(twice.get(0).paths()).containsExactly("a", "b", "c", "d");
    CatalogueFigures figures = catalogue.figures();
    assertThat(figures.files()).isEqualTo(7);
    assertThat(figures.contents()).isEqualTo(3);
    assertThat(figures.contentBytes()).isEqualTo(5001);
  }

  @Test
  void figuresGoByTypeAgeAndSize() throws IOException {
    FileTrees.script(
        tree,
        """
        printf 1234 > a.JPG; printf 12 > b.jpg; printf 1 > .hidden; printf 123456 > c.tar.gz
        : > none; touch -d 2001-05-05 a.JPG; touch -d 2020-05-05 b.jpg .hidden c.tar.gz none
        """);
    scan();

    assertThat(catalogue.figures(FigureBar.By.TYPE))
        .containsExactly(
            new FigureBar("gz", 1, 6), new FigureBar("jpg", 2, 6), new FigureBar("(none)", 2, 1));
    assertThat(catalogue.figures(FigureBar.By.AGE))
        .containsExactly(new FigureBar("2001", 1, 4), new FigureBar("2020", 4, 9));
    assertThat(catalogue.figures(FigureBar.By.SIZE))
        .containsExactly(new FigureBar("empty", 1, 0), new FigureBar("below 4 KiB", 4, 13));
  }
}
