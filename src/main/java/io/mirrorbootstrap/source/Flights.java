package io.mirrorbootstrap.source;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** What one link has been given and is not out of, in the order of its bytes. Sending thread only. */
final class Flights {

    private static final class Flight {
        private final Stock stock;
        private final Segment segment;
        private int messages;

        private Flight(Stock stock, Segment segment) {
            this.stock = stock;
            this.segment = segment;
        }
    }

    private final Map<ChunkBuffer, Flight> flights = new LinkedHashMap<>();
    /** Memory that is no stock's, with a message each: compressed chunks. */
    private final Set<ChunkBuffer> own = new HashSet<>();
    private final ChunkMemory memory;

    /** @param memory which gets back what is no stock's */
    Flights(ChunkMemory memory) {
        this.memory = memory;
    }

    /** One more message, of a segment of which the stock knows that it is used. */
    void add(Stock stock, Segment segment) {
        flights.computeIfAbsent(segment.buffer, buffer -> new Flight(stock, segment)).messages++;
    }

    /** One more message, of memory that is given back behind it. */
    void addOwn(ChunkBuffer buffer) {
        own.add(buffer);
    }

    /** The link has written a message. */
    void written(ChunkBuffer buffer) {
        if (own.remove(buffer)) {
            memory.giveBack(buffer);
            return;
        }
        Flight flight = flights.get(buffer);
        flight.messages--;
        flight.stock.out(flight.segment, 1);
        if (flight.messages == 0) {
            flights.remove(buffer);
        }
    }

    /** The link is out of all. */
    void land() {
        flights.values().forEach(flight -> flight.stock.out(flight.segment, flight.messages));
        flights.clear();
        own.forEach(memory::giveBack);
        own.clear();
    }

    int messages() {
        return own.size() + flights.values().stream().mapToInt(flight -> flight.messages).sum();
    }

    /** Where the first segment of {@code stock} begins that the link has something of. */
    OptionalLong first(Stock stock) {
        return flights.values().stream().filter(flight -> flight.stock == stock)
                .mapToLong(flight -> flight.segment.start).min();
    }
}
