package io.mirrorbootstrap.api;

import org.eclipse.microprofile.openapi.annotations.media.Schema;

import com.fasterxml.jackson.annotation.JsonProperty;

import io.mirrorbootstrap.wire.Fields;
import io.quarkus.runtime.annotations.RegisterForReflection;

/** A mirror that has left the list, as an event tells it. */
@RegisterForReflection
@Schema(name = "RemovedMirror", description = "Nothing is known of it any more")
public record GoneView(@JsonProperty(Fields.SOURCE_DATABASE_ID) String sourceDatabaseId) {
}
