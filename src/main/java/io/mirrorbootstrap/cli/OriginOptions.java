package io.mirrorbootstrap.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.Lsn;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.PositionFile;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say what the bytes alone do not say about a snapshot. */
final class OriginOptions {

    /** What Java has in place of bytes of an argument that are no UTF-8. */
    private static final char REPLACED = '\uFFFD';

    @Option(names = "--cluster", required = true, paramLabel = "ID", description = "The cluster that produced the snapshot, 1 to 256 characters.")
    private String cluster;

    @Option(names = "--database", required = true, paramLabel = "ID", description = "The database, which also names "
            + "the file at the sidecar: " + DatabaseId.RULE + ".")
    private DatabaseId database;

    @Option(names = "--lsn", paramLabel = "LSN", defaultValue = Lsn.AUTO, description = "The WAL position of the snapshot: "
            + "a number from 0 to 2^63-1, PostgreSQL's form, as in 16/B374D848, or auto: as the head of the snapshot says, if it is a "
            + "base backup of PostgreSQL (tar), a dump of Redis or a database of SQLite, and is not compressed; of others it is 0. "
            + "Default: ${DEFAULT-VALUE}")
    private Lsn lsn;

    @Option(names = "--position", paramLabel = "TEXT", description = "From where to follow, in the database's own words, for whoever "
            + "reads the snapshot: a GTID set, mysql-bin.000001:42855779; " + Notes.POSITION_RULE
            + ". Default: the LSN, where "
            + "that is of PostgreSQL's form, or what the head of the snapshot says.")
    private Optional<String> position;

    @Option(names = "--position-file", paramLabel = "FILE", description = "Holds the position, as xtrabackup_binlog_info does. Read when "
            + "all bytes of the snapshot have been; its lines are joined with blanks.")
    private Optional<Path> positionFile;

    @Option(names = "--label", paramLabel = "KEY=VALUE", description = "A name and a value to keep with the snapshot; may be given several "
            + "times: " + Notes.LABELS_RULE + ".")
    private List<String> labels = List.of();

    @Option(names = "--replace", description = "This snapshot is meant to replace a later one, one of another cluster, or another transfer "
            + "that is under way. Else the sidecar refuses.")
    private boolean isMeant;

    /** @throws ParameterException when something of it cannot be */
    Origin origin(CommandLine command) {
        if (cluster.isBlank()) {
            throw new ParameterException(command, "--cluster is empty, it must name the cluster");
        } else if (!SnapshotIdentity.isValidClusterId(cluster)) {
            throw new ParameterException(command, "--cluster must have " + SnapshotIdentity.CLUSTER_ID_RULE);
        }
        checkUtf8(command, "--cluster", cluster);
        if (position.isPresent() && positionFile.isPresent()) {
            throw new ParameterException(command, "--position and --position-file are both there, one of them may be");
        } else if (position.filter(text -> !Notes.isValidPosition(text)).isPresent()) {
            throw new ParameterException(command, "--position must have " + Notes.POSITION_RULE);
        }
        position.ifPresent(text -> checkUtf8(command, "--position", text));
        Optional<String> known = positionFile.isPresent() ? Optional.empty() : position.or(lsn::asGiven);
        return new Origin(cluster, database, lsn.position(), isMeant, new Notes(known, labels(command)),
                positionFile.map(PositionFile::new));
    }

    /** The LSN as the command line has it, where it is of PostgreSQL's form. */
    Optional<String> lsnAsGiven() {
        return lsn.asGiven();
    }

    private Map<String, String> labels(CommandLine command) {
        Map<String, String> named = new HashMap<>();
        for (String label : labels) {
            checkUtf8(command, "--label", label);
            int end = label.indexOf('=');
            if (end < 0) {
                throw new ParameterException(command, "--label " + label + " must be KEY=VALUE");
            } else if (named.put(label.substring(0, end), label.substring(end + 1)) != null) {
                throw new ParameterException(command, "--label names " + label.substring(0, end) + " twice");
            }
        }
        if (!Notes.areValidLabels(named)) {
            throw new ParameterException(command, "--label must be KEY=VALUE: " + Notes.LABELS_RULE);
        }
        return named;
    }

    private static void checkUtf8(CommandLine command, String option, String value) {
        if (value.indexOf(REPLACED) >= 0) {
            throw new ParameterException(command, option + " is not UTF-8");
        }
    }
}
