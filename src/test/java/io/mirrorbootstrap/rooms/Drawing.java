package io.mirrorbootstrap.rooms;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The drawing of the rooms: the first flow chart of a page, in the part of Mermaid's language that it is written in. Another
 * line is an error, because an arrow that is passed over would be an arrow that is not held.
 *
 * @param floors the rooms by name, each with the number of its floor, from 0 at the top
 * @param arrows as {@code link -> mirror}
 */
record Drawing(Map<String, Integer> floors, Set<String> arrows) {

    private static final Pattern CHART = Pattern.compile("```mermaid\nflowchart TD\n(?<lines>.*?)```", Pattern.DOTALL);
    private static final Pattern ARROWS = Pattern.compile("(?<from>\\w+) --> (?<to>\\w+(?: & \\w+)*)");
    private static final Pattern ROOM = Pattern.compile("\\w+");

    static Drawing read(Path page) throws IOException {
        return parse(Files.readString(page));
    }

    static Drawing parse(String page) {
        Matcher chart = CHART.matcher(page);
        if (!chart.find()) {
            throw new IllegalArgumentException("the page has no flow chart");
        }
        Map<String, Integer> floors = new LinkedHashMap<>();
        List<String> arrows = new ArrayList<>();
        int floor = -1;
        boolean inFloor = false;
        for (String line : chart.group("lines").lines().map(String::strip).toList()) {
            Matcher arrow = ARROWS.matcher(line);
            if (line.startsWith("subgraph ")) {
                floor++;
                inFloor = true;
            } else if (line.equals("end")) {
                inFloor = false;
            } else if (arrow.matches()) {
                for (String to : arrow.group("to").split(" & ")) {
                    arrows.add(arrow(arrow.group("from"), to));
                }
            } else if (inFloor && ROOM.matcher(line).matches()) {
                floors.put(line, floor);
            } else {
                throw new IllegalArgumentException("this line of the drawing is not understood: " + line);
            }
        }
        return new Drawing(floors, new TreeSet<>(arrows));
    }

    static String arrow(String from, String to) {
        return from + " -> " + to;
    }

    /** The arrows that do not go from a floor to a lower one, or whose rooms are not drawn. */
    List<String> arrowsThatDoNotGoDown() {
        return arrows.stream().filter(arrow -> {
            String[] ends = arrow.split(" -> ");
            return floors.getOrDefault(ends[0], Integer.MAX_VALUE) >= floors.getOrDefault(ends[1], -1);
        }).toList();
    }
}
