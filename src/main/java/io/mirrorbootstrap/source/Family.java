package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program that runs, and the processes that it has started: who of them lives, and how all of them are ended. Any thread. */
final class Family {

    /** From SIGTERM to SIGKILL. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    /** From SIGKILL to where somebody is told that it has not helped. */
    private static final Duration KILLED = Duration.ofSeconds(1);

    private static final Duration TELL_AGAIN = Duration.ofMinutes(1);
    /** It costs the more the more processes there are. */
    private static final long FIRST_PAUSE_MILLIS = 20;
    private static final long MOST_PAUSE_MILLIS = 320;

    /** A process that is started while another look is made may be missed by that one, and not by the next. */
    private static final int LOOKS = 2;
    private static final int MOST_NAMES = 8;

    /** Whom a program shares its pipe with. */
    interface Company {

        /** Who has the pipe: also those whose parents are gone, so that nothing else connects them with the program. */
        ProcessPipe.Look look();

        /** Whether those who are left would take the end of this process for the end of what it hands them. */
        boolean isMisledByTheEnd();
    }

    private final String name;
    private final Process process;
    private final Company company;
    private final Consumer<String> says;
    private final long startTicks;
    /** Who may be given the processes of the program whose parents end: the first of all, and what began sessions around this one. */
    private final Set<Long> takers = new HashSet<>(Set.of(1L));

    /** Guarded by this: those that live, and belong to it. */
    private final Set<ProcessHandle> known = new LinkedHashSet<>();
    /** Guarded by this: in which of them its processes are. */
    private final Set<Long> sessions = new HashSet<>();

    /**
     * @param process of the program, just started
     * @param says a line for a person, where somebody cannot be ended
     */
    Family(String name, Process process, Company company, Consumer<String> says) {
        this.name = name;
        this.process = process;
        this.company = company;
        this.says = says;
        Optional<ProcessFacts> own = ProcessFacts.of(ProcessHandle.current().pid());
        own.ifPresent(facts -> sessions.add(facts.session()));
        long above = own.map(ProcessFacts::parent).orElse(0L);
        for (Optional<ProcessFacts> each = ProcessFacts.of(above); each.isPresent(); each = ProcessFacts.of(above)) {
            if (!sessions.contains(each.get().session())) {
                takers.add(above);
            }
            above = each.get().parent();
        }
        this.startTicks = ProcessFacts.of(process.pid()).or(() -> own).map(ProcessFacts::startTicks).orElse(0L);
    }

    /**
     * Ends all of them, by SIGTERM and behind a grace by SIGKILL, those too that they start meanwhile. When this returns they are gone, but
     * for those that cannot be ended: these are named, and waited for as long as the end of this process would mislead them.
     */
    synchronized void end() {
        Set<ProcessHandle> told = new HashSet<>();
        boolean isInterrupted = false; // no time is left for a grace
        long begun = System.nanoTime();
        long tellNanos = GRACE.plus(KILLED).toNanos();
        long pauseMillis = FIRST_PAUSE_MILLIS;
        int nobody = 0;
        while (true) {
            boolean isMisled = company.isMisledByTheEnd();
            ProcessPipe.Look look = company.look();
            gather(look.holders());
            List<ProcessHandle> unseen = isMisled ? suspects(look.unseen()) : List.of();
            long sinceNanos = System.nanoTime() - begun;
            if (known.isEmpty() && unseen.isEmpty()) {
                nobody++;
                if (!isMisled || nobody == LOOKS) {
                    break;
                }
            } else {
                nobody = 0;
                signal(told, isInterrupted || sinceNanos >= GRACE.toNanos());
                if (sinceNanos >= tellNanos) {
                    says.accept(words(unseen, isMisled));
                    tellNanos = sinceNanos + TELL_AGAIN.toNanos();
                    if (!isMisled) {
                        break;
                    }
                }
            }
            isInterrupted |= !pause(pauseMillis);
            pauseMillis = nobody > 0 ? FIRST_PAUSE_MILLIS : Math.min(2 * pauseMillis, MOST_PAUSE_MILLIS);
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void gather(List<ProcessHandle> holders) {
        known.add(process.toHandle());
        known.addAll(holders);
        known.removeIf(any -> !isAlive(any));
        List.copyOf(known).forEach(each -> each.descendants().filter(this::isAlive).forEach(known::add));
        known.forEach(each -> ProcessFacts.of(each.pid()).ifPresent(facts -> sessions.add(facts.session())));
        sessions.remove(0L);
    }

    private boolean isAlive(ProcessHandle any) {
        if (any.equals(process.toHandle())) {
            return process.isAlive(); // also where the system hides what others run
        }
        return any.isAlive() && ProcessFacts.of(any.pid()).filter(facts -> !facts.hasEnded()).isPresent();
    }

    /** Of those that this process may not look at, who may have been started by the program: nobody else is suspected. */
    private List<ProcessHandle> suspects(List<ProcessHandle> unseen) {
        return unseen.stream().filter(any -> !known.contains(any) && isAlive(any))
                .filter(any -> ProcessFacts.of(any.pid()).filter(facts -> sessions.contains(facts.session()))
                        .isPresent()
                        && hasLostItsParent(any.pid()))
                .toList();
    }

    /** Whether a process is, or descends from, one that began behind the program and was handed to who takes orphans. */
    private boolean hasLostItsParent(long pid) {
        Optional<ProcessFacts> facts = ProcessFacts.of(pid).filter(any -> any.startTicks() >= startTicks);
        while (facts.isPresent() && !takers.contains(facts.get().parent())) {
            facts = ProcessFacts.of(facts.get().parent()).filter(any -> any.startTicks() >= startTicks);
        }
        return facts.isPresent();
    }

    private void signal(Set<ProcessHandle> told, boolean kills) {
        for (ProcessHandle each : known) {
            if (kills) {
                each.destroyForcibly();
            } else if (told.add(each)) {
                each.destroy();
            }
        }
    }

    /** Whether all of it has passed. */
    private static boolean pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private String words(List<ProcessHandle> unseen, boolean isMisled) {
        List<String> all = new ArrayList<>(Stream.concat(known.stream().map(Family::words),
                unseen.stream().map(each -> words(each) + " (which may have its input)")).toList());
        String names = all.stream().limit(MOST_NAMES).collect(Collectors.joining(", "))
                + (all.size() > MOST_NAMES ? " and " + (all.size() - MOST_NAMES) + " more" : "");
        return name + " is to be ended, but this user cannot end " + names + (isMisled
                ? ". Until they are gone this command goes on, and keeps their input open, as its end says that a snapshot is right:"
                        + " end them as their user"
                : ". They go on");
    }

    private static String words(ProcessHandle each) {
        return "process " + each.pid() + each.info().user().map(user -> " of user " + user).orElse("");
    }
}
