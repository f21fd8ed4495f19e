package blksh.dsl;

import static blksh.kit.Content.KIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.Extent;
import blksh.cache.RescueMap;
import blksh.cache.RescueStatus;
import blksh.store.StoreUse;
import blksh.view.Field;
import blksh.view.Figure;
import blksh.view.Size;
import blksh.view.View;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import kotlin.Pair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

/** Pictures by what they count: every byte in one place, and in one only. */
class PicturesTest {

  private static Extent extent(long start, long end, Extent.Kind kind) {
    return new Extent(start * KIB, (end - start) * KIB, kind);
  }

  /** What the legend tells of each kind, in KiB. */
  private static Map<String, Long> legend(BlockMap map) {
    return map.fields().stream()
        .collect(Collectors.toMap(Field::label, field -> ((Size) field.value()).getBytes() / KIB));
  }

  private static BlockMap map(long size, List<Extent> extents, List<Extent> changed) {
    return BlockMap.Companion.of("disk", size * KIB, extents.iterator(), changed);
  }

  @Test
  void whatChangedIsTakenOutOfTheData() {
    List<Extent> extents =
        List.of(
            extent(0, 16, Extent.Kind.DATA),
            extent(16, 32, Extent.Kind.ZERO),
            extent(32, 48, Extent.Kind.FREE),
            extent(48, 60, Extent.Kind.BAD),
            extent(60, 64, Extent.Kind.UNTRIED));
    List<Extent> changed =
        List.of(extent(4, 8, Extent.Kind.DATA), extent(12, 20, Extent.Kind.DATA));
    assertThat(legend(map(64, extents, changed)))
        .isEqualTo(Map.of("data", 8L, "changed", 8L, "zero", 16L, "free", 16L, "unreadable", 16L));
    assertThat(legend(map(64, extents, List.of()))).containsEntry("data", 16L);
  }

  @Test
  void oneChangeMayLieOnManyExtentsAndManyOnOne() {
    List<Extent> pieces = List.of(extent(0, 8, Extent.Kind.DATA), extent(8, 16, Extent.Kind.DATA));
    assertThat(legend(map(16, pieces, List.of(extent(4, 12, Extent.Kind.DATA)))))
        .containsEntry("data", 8L)
        .containsEntry("changed", 8L);
    List<Extent> whole = List.of(extent(0, 16, Extent.Kind.DATA));
    assertThat(
            legend(
                map(
                    16,
                    whole,
                    List.of(
                        extent(0, 4, Extent.Kind.ZERO),
                        extent(4, 8, Extent.Kind.DATA),
                        extent(12, 16, Extent.Kind.DATA)))))
        .containsEntry("data", 4L)
        .containsEntry("changed", 12L);
  }

  @Test
  void aPictureIsSavedForAReportAndItsNamesDoNothingThere(@TempDir Path folder) throws Exception {
    String hostile = "</text><script>&\"\u0001\ufffe\u202e";
    List<Extent> extents =
        List.of(extent(0, 512, Extent.Kind.DATA), extent(512, 1024, Extent.Kind.FREE));
    BlockMap map = BlockMap.Companion.of(hostile, 1024 * KIB, extents.iterator(), List.of());
    Path svg = map.save(folder.resolve("map.svg").toString());
    Document document =
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
    assertThat(document.getElementsByTagName("script").getLength()).isZero();
    assertThat(document.getElementsByTagName("text").item(0).getTextContent())
        .isEqualTo("map of </text><script>&\"\u2401\ufffd\\u202e, 1 MiB");
    // White, a box for each run of cells in a row, one for each kind in the legend.
    assertThat(document.getElementsByTagName("rect").getLength()).isEqualTo(1 + 4 + 2);
    assertThat(svg).content().contains("fill=\"#0087d7\"", "fill=\"#d3d3d3\"", "data 512 KiB");
    Space space =
        new Space(
            "store", List.of(new Space.Share("a", new Size(3)), new Space.Share("b", new Size(1))));
    Path png = space.save(folder.resolve("space.PNG").toString());
    BufferedImage image = ImageIO.read(png.toFile());
    assertThat(image.getHeight()).isEqualTo(2 * (16 + 18 + 10 + 2 * 18 + 16));
    assertThat(image.getRGB(0, 0)).isEqualTo(0xffffffff);
    Sitting.refused(
        () -> map.save(svg.toString()),
        "cannot save " + map.title() + " as " + svg + ": it exists; name another file");
    assertThatThrownBy(() -> map.save("map.gif"))
        .hasMessageEndingWith("how is not clear by its name; end it in .svg or .png");
  }

  @Test
  void ofVeryManyBarsTheFirstAreDrawn() {
    View.Bars.Bar bar = new View.Bars.Bar("name", 1, "1 B");
    String svg = Figure.of(new View.Bars("space", Collections.nCopies(5000, bar))).svg();
    assertThat(svg).contains("… 4800 more").hasSizeLessThan(100_000);
  }

  @Test
  void whatIsNoMapIsDrawnByItsLines() {
    Growth none = new Growth("store", List.of());
    assertThat(Figure.of(none.picture()).svg()).contains("growth of store: nothing was captured");
    assertThat(Figure.of(new View.Course("c", List.of(1.0, 2.0), "1", "2")).svg())
        .contains("width=\"360\" height=\"70\"", "width=\"360\" height=\"140\"");
  }

  @Test
  void nothingHasNoPicture() {
    assertThat(Sitting.lines(map(0, List.of(), List.of())))
        .containsExactly("map of disk, 0 B: nothing to see");
  }

  @Test
  void whatIsHugeIsCountedToTheByte() {
    long petabyte = 1L << 50;
    Extent first = new Extent(0, 1, Extent.Kind.DATA);
    Extent rest = new Extent(1, petabyte - 1, Extent.Kind.ZERO);
    BlockMap map =
        BlockMap.Companion.of("disk", petabyte, List.of(first, rest).iterator(), List.of());
    assertThat(Sitting.value(map, "data")).isEqualTo(new Size(1));
    assertThat(Sitting.value(map, "zero")).isEqualTo(new Size(petabyte - 1));
    assertThat(map.title()).isEqualTo("map of disk, 1 PiB");
  }

  @Test
  void aRescueIsToldInTheWordsOfDdrescue() {
    RescueMap rescue = new RescueMap(10 * KIB);
    rescue.mark(0, 4 * KIB, RescueStatus.FINISHED);
    rescue.mark(4 * KIB, 5 * KIB, RescueStatus.BAD_SECTOR);
    rescue.mark(5 * KIB, 7 * KIB, RescueStatus.NON_TRIMMED);
    rescue.mark(7 * KIB, 8 * KIB, RescueStatus.NON_SCRAPED);
    BlockMap map = BlockMap.Companion.of("disc", rescue);
    assertThat(legend(map))
        .isEqualTo(
            Map.of(
                "finished",
                4L,
                "bad sectors",
                1L,
                "non-trimmed",
                2L,
                "non-scraped",
                1L,
                "non-tried",
                2L));
    assertThat(map).hasToString("map of disc, 10 KiB");
  }

  @Test
  void theUseOfAStoreIsSaidToBeEstimatedWhereNotAllWasLookedAt() {
    StoreUse use =
        new StoreUse(8, 4096, 2, List.of(new StoreUse.Share(1, 1, 0), new StoreUse.Share(0, 1, 1)));
    BlockMap map = BlockMap.Companion.of("store", use);
    assertThat(legend(map)).isEqualTo(Map.of("shared", 8L, "used once", 16L, "unused", 8L));
    assertThat(map.title()).isEqualTo("map of store, 32 KiB, estimated");
    BlockMap exact =
        BlockMap.Companion.of(
            "store", new StoreUse(2, 4096, 1, List.of(new StoreUse.Share(0, 0, 2))));
    assertThat(exact.title()).isEqualTo("map of store, 8 KiB");
    assertThat(Sitting.lines(BlockMap.Companion.of("store", new StoreUse(0, 4096, 1, List.of()))))
        .containsExactly("map of store, 0 B: nothing to see");
  }

  @Test
  void growthAddsUpInTheOrderOfTime() {
    Instant first = Instant.parse("2026-01-01T00:00:00Z");
    Instant last = first.plusSeconds(86_400);
    Growth growth = new Growth("store", List.of(new Pair<>(last, 10L), new Pair<>(first, 5L)));
    assertThat(growth.getStored()).isEqualTo(new Size(15));
    assertThat(Sitting.value(growth, "first")).isEqualTo(first);
    assertThat(Sitting.value(growth, "captures")).isEqualTo(2);
    assertThat(growth.picture())
        .isInstanceOfSatisfying(
            View.Course.class,
            course -> {
              assertThat(course.values()).containsExactly(5.0, 15.0);
              assertThat(course.first()).isEqualTo("5 B");
              assertThat(course.last()).isEqualTo("15 B");
            });
    Growth none = new Growth("store", List.of());
    assertThat(none.getStored()).isEqualTo(new Size(0));
    assertThat(Sitting.value(none, "last")).isNull();
    assertThat(Sitting.lines(none)).containsExactly("growth of store: nothing was captured");
  }

  @Test
  void spaceBeginsWithTheLargest() {
    Space space =
        new Space(
            "store",
            List.of(
                new Space.Share("small", new Size(KIB)),
                new Space.Share("large", new Size(3 * KIB)),
                new Space.Share("none", new Size(0))));
    assertThat(space.getShares())
        .extracting(Space.Share::getName)
        .containsExactly("large", "small", "none");
    assertThat(space.getStored()).isEqualTo(new Size(4 * KIB));
    assertThat(Sitting.lines(space).get(0)).isEqualTo("space of store, 4 KiB brought");
    assertThat(Sitting.lines(new Space("store", List.of())))
        .containsExactly("space of store: nothing is stored");
  }
}
