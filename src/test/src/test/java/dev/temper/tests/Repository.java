package dev.temper.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** The source tree this build runs in. */
final class Repository {
  private Repository() {}

  /** Returns the folder of the root {@code pom.xml}. */
  static Path root() {
    String property = System.getProperty("temper.root");
    Path start = Path.of(property != null ? property : "").toAbsolutePath().normalize();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isRegularFile(folder.resolve("docs/catalogue.tsv"))) {
        return folder;
      }
    }
    throw new IllegalStateException("no docs/catalogue.tsv in or above " + start);
  }

  static String read(String file) {
    try {
      return Files.readString(root().resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the folders of the modules named in the root pom, relative to {@link #root()}. */
  static List<String> modules() {
    Element modules = child(pom("pom.xml"), "modules");
    return children(modules, "module").map(Node::getTextContent).toList();
  }

  /** Returns the root element of a pom. */
  static Element pom(String file) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      Document document = factory.newDocumentBuilder().parse(root().resolve(file).toFile());
      return document.getDocumentElement();
    } catch (IOException | SAXException | ParserConfigurationException e) {
      throw new IllegalStateException(file, e);
    }
  }

  /** Returns the only child of that name. */
  static Element child(Element parent, String name) {
    List<Element> found = children(parent, name).toList();
    if (found.size() != 1) {
      throw new IllegalStateException(found.size() + " of " + name + " in " + parent.getTagName());
    }
    return found.get(0);
  }

  static Stream<Element> children(Element parent, String name) {
    Iterable<Node> nodes =
        () ->
            Stream.iterate(parent.getFirstChild(), n -> n != null, Node::getNextSibling).iterator();
    return StreamSupport.stream(nodes.spliterator(), false)
        .filter(node -> node.getNodeName().equals(name))
        .map(Element.class::cast);
  }
}
