package io.mirrorbootstrap.snapshot;

/** What became of all plays of {@link CrashSimulation}. */
final class CrashTally {

    long points;
    long plays;
    long cutCommits;
    long finishedCommits;
    long resumes;
    long failedSteps;
    long keptWhenFailed;
    long cutRepairs;
    long putAside;

    /** Whether all that is to be tried was. */
    boolean isComplete() {
        return cutCommits > 0 && finishedCommits > 0 && resumes > 0 && failedSteps > 0 && keptWhenFailed > 0
                && cutRepairs > 0;
    }

    @Override
    public String toString() {
        return cutCommits + " inside a commit, of which " + finishedCommits + " were finished, " + resumes
                + " times a transfer went on, " + cutRepairs + " cut again while that was repaired, " + putAside
                + " times a file was put aside, " + failedSteps + " steps that failed, behind which " + keptWhenFailed
                + " transfers had durable bytes";
    }
}
