package dev.limpid.proto;

import dev.limpid.oci.json.JsonObject;

/** Something that the guest's agent is asked to do (docs/protocol.md, "Requests"). */
public sealed interface AgentRequest
    permits PrepareRequest,
        DisksRequest,
        CreateRequest,
        JoinRequest,
        InContainer,
        NetworkRequest,
        StartRequest,
        KillRequest,
        ExecRequest,
        PauseRequest,
        ResumeRequest,
        PingRequest,
        StatsRequest,
        UpdateRequest {

  /** The method's name, for example {@code prepare}. */
  String method();

  /** The payload of the REQUEST. */
  JsonObject toJson();
}
