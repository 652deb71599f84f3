package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is different about rules and neighbours. */
final class TableChanges {
  private final LinkChanges links;

  TableChanges(LinkChanges links) {
    this.links = links;
  }

  List<String> undoRules(boolean v6) {
    return rules("rule del ", v6, links.before().rules(), links.after().rules());
  }

  List<String> addRules(boolean v6) {
    return rules("rule add ", v6, links.after().rules(), links.before().rules());
  }

  List<String> undoNeighbours() {
    List<String> lines = new ArrayList<>();
    for (Neighbour neighbour : links.before().neighbours()) {
      boolean there = links.nameNow(neighbour.link()).filter(neighbour.link()::equals).isPresent();
      boolean kept =
          links.after().neighbours().stream()
              .anyMatch(other -> other.identity().equals(neighbour.identity()));
      if (there && !kept) {
        lines.add("neighbour del " + neighbour.identity());
      }
    }
    return lines;
  }

  List<String> addNeighbours() {
    Set<String> names = links.after().guestNames();
    Set<String> lost = links.fresh();
    lost.addAll(links.rising());
    Set<String> before = new HashSet<>();
    for (Neighbour neighbour : links.before().neighbours()) {
      before.add(neighbour.text());
    }
    List<String> lines = new ArrayList<>();
    for (Neighbour neighbour : links.after().neighbours()) {
      boolean known = before.contains(neighbour.text()) && !lost.contains(neighbour.link());
      if (names.contains(neighbour.link()) && !known) {
        lines.add("neighbour replace " + neighbour.text());
      }
    }
    return lines;
  }

  /** Rules can be there several times. */
  private static List<String> rules(String verb, boolean v6, List<Rule> wanted, List<Rule> others) {
    List<String> left = new ArrayList<>();
    for (Rule rule : others) {
      if (rule.v6() == v6) {
        left.add(rule.text());
      }
    }
    List<String> lines = new ArrayList<>();
    for (Rule rule : wanted) {
      if (rule.v6() == v6 && !left.remove(rule.text())) {
        lines.add(verb + rule.text());
      }
    }
    return lines;
  }
}
