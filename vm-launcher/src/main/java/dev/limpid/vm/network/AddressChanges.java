package dev.limpid.vm.network;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is different about addresses. */
final class AddressChanges {
  private static final String LOOPBACK = "::1/128";

  private final List<Address> removed = new ArrayList<>();
  private final List<Address> added = new ArrayList<>();
  private final Set<String> disturbed = new HashSet<>();

  private final List<String> names;

  AddressChanges(LinkChanges links) {
    names = links.names();
    Set<String> fresh = links.fresh();
    List<Address> now =
        links.after().addresses().stream()
            .filter(address -> names.contains(address.link()))
            .toList();
    List<Address> known = new ArrayList<>();
    Set<String> staying = new HashSet<>();
    for (Address address : now) {
      staying.add(address.timelessText());
    }
    for (Address address : links.before().addresses()) {
      if (!links.remains(address.link())) {
        continue;
      }
      boolean renamed = !links.nameNow(address.link()).orElseThrow().equals(address.link());
      if (renamed || !staying.contains(address.timelessText())) {
        // What passes by itself may have been prolonged in the guest.
        if (renamed || !address.isPassing()) {
          removed.add(address);
          disturbed.add(key(address));
        }
      } else {
        known.add(address);
      }
    }
    for (Address address : now) {
      boolean again =
          fresh.contains(address.link())
              // With the first address of a prefix the kernel takes away the others.
              || (!address.isV6() && disturbed.contains(key(address)));
      if ((again || !isKnown(address, known)) && !comesByItself(address, links.rising())) {
        added.add(address);
      }
    }
  }

  /** The kernel gives lo its own when it gets up, and a route more if it is added. */
  private static boolean comesByItself(Address address, Set<String> rising) {
    return address.local().text().equals(LOOPBACK) && rising.contains(address.link());
  }

  /** Whether routes of a family over a link may have gone with its addresses. */
  boolean disturbs(String link, boolean v6) {
    return disturbed.contains(link + " " + v6);
  }

  /** Takes away what is not there any more. */
  List<String> undo() {
    List<String> lines = new ArrayList<>();
    for (Address address : removed) {
      lines.add("address del " + address.identity());
    }
    return lines;
  }

  /** Adds what is new. The kernel lists IPv6's addresses with the last one first. */
  List<String> additions() {
    List<String> lines = new ArrayList<>();
    for (Address address : added) {
      if (!address.isV6()) {
        lines.add("address replace " + address.text());
      }
    }
    Map<String, List<Address>> byLink = new LinkedHashMap<>();
    names.forEach(name -> byLink.put(name, new ArrayList<>()));
    for (Address address : added) {
      if (address.isV6()) {
        byLink.get(address.link()).add(0, address);
      }
    }
    for (List<Address> ofLink : byLink.values()) {
      for (Address address : ofLink) {
        // Nobody else has it, as the host has it already: it can be used at once.
        lines.add("address replace " + address.text() + " nodad");
        if (!address.flags().contains("nodad")) {
          lines.add("address replace " + address.text());
        }
      }
    }
    return lines;
  }

  private static String key(Address address) {
    return address.link() + " " + address.isV6();
  }

  private static boolean isKnown(Address address, List<Address> known) {
    for (Address old : known) {
      if (old.timelessText().equals(address.timelessText())) {
        return !address.isPassing() || address.valid() <= old.valid();
      }
    }
    return false;
  }
}
