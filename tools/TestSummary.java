import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Sums up the JUnit XML reports below the directories given: the failed tests with the reason, the
 * skipped ones counted by what they lacked, then one line {@code N passed, N failed, N skipped}.
 *
 * <p>Exit status 0 when nothing failed and something passed, 1 otherwise.
 */
public final class TestSummary {
  private TestSummary() {}

  public static void main(String[] directories) throws Exception {
    int passed = 0;
    List<String> failed = new ArrayList<>();
    Map<String, List<String>> skipped = new TreeMap<>();
    var builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    for (Path report : reports(directories)) {
      var cases = builder.parse(report.toFile()).getElementsByTagName("testcase");
      for (int i = 0; i < cases.getLength(); i++) {
        Element test = (Element) cases.item(i);
        String name = test.getAttribute("classname") + "." + test.getAttribute("name");
        Element failure = child(test, "failure", "error");
        Element skip = child(test, "skipped");
        if (failure != null) {
          failed.add(name + ": " + firstLine(failure));
        } else if (skip != null) {
          skipped.computeIfAbsent(firstLine(skip), reason -> new ArrayList<>()).add(name);
        } else {
          passed++;
        }
      }
    }
    failed.forEach(test -> System.out.println("failed: " + test));
    skipped.forEach(
        (reason, tests) -> {
          System.out.println("skipped " + tests.size() + ": " + reason);
          tests.forEach(test -> System.out.println("    " + test));
        });
    int skips = skipped.values().stream().mapToInt(List::size).sum();
    System.out.printf("%d passed, %d failed, %d skipped%n", passed, failed.size(), skips);
    System.exit(failed.isEmpty() && passed > 0 ? 0 : 1);
  }

  private static List<Path> reports(String[] directories) throws IOException {
    List<Path> reports = new ArrayList<>();
    for (String directory : directories) {
      try (var files = Files.newDirectoryStream(Path.of(directory), "TEST-*.xml")) {
        files.forEach(reports::add);
      }
    }
    return reports;
  }

  private static Element child(Element parent, String... names) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && List.of(names).contains(element.getTagName())) {
        return element;
      }
    }
    return null;
  }

  private static String firstLine(Element element) {
    String text = element.getAttribute("message");
    if (text.isBlank()) {
      text = element.getTextContent();
    }
    return text.strip()
        .lines()
        .findFirst()
        .map(line -> line.replaceFirst("^org\\.opentest4j\\.TestAbortedException: (Assumption failed: )?", ""))
        .filter(line -> !line.isBlank())
        .orElse("no reason given");
  }
}
