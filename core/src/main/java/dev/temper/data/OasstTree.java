package dev.temper.data;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The message trees of OpenAssistant (Köpf et al. 2023).
 *
 * <p>A tree gives one conversation, along the best-ranked replies to the last of the assistant, and
 * a ranked row for every message of the user that has two or more ranked replies. Deleted messages
 * are left out with what hangs below them.
 */
final class OasstTree {
  /** A tree a row, as exported in {@code *_trees.jsonl}. */
  static final RowFormat TREES =
      RowFormat.many(
              "oasst-trees",
              TypedRow.class,
              c -> rows(c, c.object("prompt")),
              "message_tree_id",
              "prompt")
          .gives(Set.of(ChatRow.class, RankedRow.class))
          .when(row -> row.values().get("prompt") instanceof Map<?, ?>)
          .serves("ds-openassistant");

  /** A tree a row, without the object around it. */
  static final RowFormat NESTED =
      RowFormat.many(
              "oasst-nested",
              TypedRow.class,
              c -> rows(c, c),
              "message_id",
              "text",
              "role",
              "replies")
          .gives(Set.of(ChatRow.class, RankedRow.class));

  /** A message a row, as on the hub: the rows of a tree stand together. */
  static final RowFormat MESSAGES =
      RowFormat.many(
              "oasst-messages",
              TypedRow.class,
              OasstTree::fromMessages,
              "message_id",
              "message_tree_id",
              "text",
              "role")
          .gives(Set.of(ChatRow.class, RankedRow.class))
          .grouped(RowGroups.by("message_tree_id"));

  private OasstTree() {}

  private record Node(
      String id,
      @Nullable String parent,
      String role,
      String text,
      @Nullable Integer rank,
      boolean deleted,
      List<Node> replies) {
    static Node of(ColumnReader columns) {
      String role =
          switch (columns.text("role")) {
            case "prompter", "user" -> "user";
            case "assistant" -> "assistant";
            default -> throw columns.wrong("role", columns.take("role"), "prompter or assistant");
          };
      return new Node(
          columns.textOrEmpty("message_id"),
          columns.has("parent_id") ? columns.text("parent_id") : null,
          role,
          columns.text("text"),
          columns.has("rank") ? columns.integer("rank", 0, Integer.MAX_VALUE) : null,
          columns.has("deleted") && columns.flag("deleted"),
          new ArrayList<>());
    }

    Map<String, Object> message() {
      return Messages.message(role, text);
    }

    /** Best first; replies without a rank last. */
    List<Node> ranking() {
      return replies.stream()
          .sorted(
              Comparator.comparingInt(
                  reply -> reply.rank() == null ? Integer.MAX_VALUE : reply.rank()))
          .toList();
    }
  }

  private static List<TypedRow> rows(ColumnReader columns, ColumnReader root) {
    Node tree = Node.of(root);
    Deque<Map.Entry<Node, ColumnReader>> open = new ArrayDeque<>();
    open.push(Map.entry(tree, root));
    while (!open.isEmpty()) {
      Map.Entry<Node, ColumnReader> next = open.pop();
      if (!next.getValue().has("replies")) {
        continue;
      }
      for (ColumnReader reply : next.getValue().objects("replies")) {
        Node node = Node.of(reply);
        if (!node.deleted()) {
          next.getKey().replies().add(node);
          open.push(Map.entry(node, reply));
        }
      }
    }
    return rows(tree, columns.info());
  }

  private static List<TypedRow> fromMessages(ColumnReader columns) {
    Map<String, Node> nodes = new LinkedHashMap<>();
    for (ColumnReader message : columns.objects(RowGroups.COLUMN)) {
      Node node = Node.of(message);
      if (nodes.put(node.id(), node) != null) {
        throw message.wrong("message_id", node.id(), "an id of its own");
      }
    }
    Node root = null;
    for (Node node : nodes.values()) {
      Node parent = node.parent() == null ? null : nodes.get(node.parent());
      if (node.parent() == null && root == null) {
        root = node;
      } else if (parent == null) {
        throw new DataException(
            columns.origin(),
            "message "
                + node.id()
                + " answers "
                + (node.parent() == null ? "nothing" : node.parent() + ", which is not")
                + " among the "
                + nodes.size()
                + " rows of its tree; the rows of a tree must stand together, the root among them");
      } else if (!node.deleted()) {
        parent.replies().add(node);
      }
    }
    if (root == null) {
      throw new DataException(columns.origin(), "a tree of messages has no root without a parent");
    }
    return rows(root, columns.info());
  }

  private static List<TypedRow> rows(Node tree, RowInfo info) {
    if (tree.deleted()) {
      return List.of();
    }
    List<TypedRow> rows = new ArrayList<>();
    best(tree, info, rows);
    Deque<Map.Entry<Node, List<Map<String, Object>>>> open = new ArrayDeque<>();
    open.push(Map.entry(tree, List.of(tree.message())));
    while (!open.isEmpty()) {
      Map.Entry<Node, List<Map<String, Object>>> next = open.pop();
      List<RankedRow.Scored> ranked = new ArrayList<>();
      for (Node reply : next.getKey().ranking()) {
        List<Map<String, Object>> path = new ArrayList<>(next.getValue());
        path.add(reply.message());
        if (!reply.replies().isEmpty()) {
          open.addLast(Map.entry(reply, path));
        }
        if (reply.rank() != null && reply.role().equals("assistant")) {
          ranked.add(
              new RankedRow.Scored(
                  new Passage.Messages(List.of(reply.message())), -reply.rank().doubleValue()));
        }
      }
      if (ranked.size() > 1) {
        rows.add(
            new RankedRow(new Passage.Messages(next.getValue()), ranked, ChatContext.NONE, info));
      }
    }
    return rows;
  }

  private static void best(Node tree, RowInfo info, List<TypedRow> rows) {
    List<Map<String, Object>> path = new ArrayList<>();
    int spoken = 0;
    for (Node node = tree;
        node != null;
        node = node.replies().isEmpty() ? null : node.ranking().get(0)) {
      path.add(node.message());
      spoken = node.role().equals("assistant") ? path.size() : spoken;
    }
    if (spoken > 0) {
      rows.add(new ChatRow(path.subList(0, spoken), ChatContext.NONE, info));
    }
  }
}
