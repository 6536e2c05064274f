/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_IPC_MESSAGES_H
#define BL_IPC_MESSAGES_H

#include <jansson.h>

#include "base/err.h"

/*
 * What goes over the agent's socket. One connection carries one request and one answer, each one frame (frame.h).
 *
 *   request  {"op": NAME, ...}                          a descriptor may ride along (SCM_RIGHTS): the pod's namespace
 *   answer   {"ok": VALUE}
 *            {"error": {"code": N, "msg": TEXT, "details": TEXT}}
 *
 * An answer may come late ("wait", "cni-add"): it comes when the kernel holds what was asked for. A peer that closes
 * gives its request up. Names of fields are snake_case; a field that is not listed is ignored; a wrong type is refused.
 *
 * status         {}
 *                {"node", "version", "server": URL, "connected": bool, "synced": {KIND: bool}, "services": N, "dirty": N,
 *                 "endpoints": N, "backends": N, "frontends": N, "map_writes": N, "map_deletes": N,
 *                 "full_sync": {"ns": N, "services": N, "map_writes": N} | null, "last_change_ns": N | null, "last_change_at_ns": N | null,
 *                 "tc_mode": "tcx"|"clsact", "xdp": [{"ifindex": N, "interface", "mode": "native"|"generic"|"off"}],
 *                 "pod_cidrs": [CIDR], "cni": {"ready": bool, "reason", "attachments": N},
 *                 "failed": [{"object", "error"}], "counters": [{"name", "verdict", "text", "packets": N, "bytes": N}]}
 * service-list   {"namespace"?}
 *                [SERVICE]
 * service-get    {"namespace", "name"}
 *                SERVICE = {"namespace", "name", "uid", "type", "programmed": bool, "error",
 *                           "frontends": [{"address", "port": N, "protocol", "scope": "cluster"|"nodeport", "name",
 *                                          "family": 4|6}],
 *                           "backends": [{"address", "port": N, "protocol", "name", "local": bool, "draining": bool}]}
 *                `name` is the Service port's name, "" for an only one; a NodePort's address is "".
 * endpoint-list  {}
 *                [{"address", "kind": "pod"|"host", "interface", "ifindex": N, "mac", "namespace", "pod", "container_id",
 *                  "programmed": bool}]
 * policy-list    {"namespace"?}
 *                [{"namespace", "name", "selects": TEXT, "ingress": bool, "egress": bool, "pods": N, "error"}]
 *                `pods` is how many of this node it selects; an error closes them.
 * policy-for     {"namespace", "name"} of a Pod
 *                {"namespace", "name", "here": bool, "host_network": bool, "ingress": SIDE, "egress": SIDE}
 *                SIDE = {"isolated": bool, "rules": [{"policy", "rule": N, "peers": [TEXT], "ports": [TEXT]}]}
 * policy-explain {"from", "to", "port": N, "protocol": "TCP"|"UDP"|"SCTP"}; ends are NAMESPACE/POD or an address
 *                [{"direction": "ingress"|"egress", "pod": ADDRESS, "peer": ADDRESS, "isolated": bool, "compiled": bool,
 *                  "kernel": bool, "agree": bool, "set": N, "class": N, "place": N}], for each end that is a pod of this node
 *                These three wait for nothing: an agent that is not in sync refuses (11).
 * bgp-status     {}
 *                {"enabled": bool, "bird": VERSION, "up": bool, "error", "sessions": [{"name", "peer", "asn": N, "state",
 *                 "since", "info", "imported": N, "exported": N}]}
 * map-dump       {"name"}
 *                {"name", "about", "type", "max_entries": N, "count": N, "entries": [{"key": ..., "value": ...}]}
 * wait           {"namespace", "name", "backends": N?, "timeout_ms": N}
 *                {"programmed": true, "backends": N} once the Service is programmed (with exactly so many backends, where
 *                asked: of every port and family, as service-get lists them); BL_IPC_TIMEOUT says what is missing.
 *
 * cni-add        {"container_id", "ifname", "netns", "network", "ips": [ADDRESS], "mtu": N, "pod_namespace", "pod_name",
 *                 "pod_uid"} and the namespace's descriptor
 *                {"host_ifname", "host_mac", "mac", "mtu": N, "ips": [{"address": "ADDRESS/32", "gateway"}]}
 * cni-del        {"container_id", "ifname"}
 *                {}; also when there is no such attachment
 * cni-check      {"container_id", "ifname", "ips": [ADDRESS]} and the namespace's descriptor
 *                {}
 * cni-gc         {"network", "valid": [{"container_id", "ifname"}]}
 *                {"removed": N}
 * cni-status     {}
 *                {}
 */

/* Codes of answers: below 100 those of the CNI specification (1.1.0, "Error"), from 100 beeline's own. */
enum bl_ipc_code {
	BL_CNI_INCOMPATIBLE_VERSION = 1,
	BL_CNI_UNSUPPORTED_FIELD = 2,
	BL_CNI_UNKNOWN_CONTAINER = 3,
	BL_CNI_BAD_ENVIRONMENT = 4,
	BL_CNI_IO_FAILURE = 5,
	BL_CNI_UNDECODABLE = 6,
	BL_CNI_BAD_CONFIG = 7,
	BL_CNI_TRY_AGAIN = 11,
	BL_CNI_NOT_AVAILABLE = 50,
	BL_CNI_LIMITED = 51,
	BL_IPC_INTERNAL = 100,
	BL_IPC_BAD_REQUEST = 101, /* unknown op, missing or wrong field */
	BL_IPC_NOT_FOUND = 102,
	BL_IPC_TIMEOUT = 103,
	BL_IPC_BUSY = 104, /* too many connections */
	BL_CNI_ADDRESS_IN_USE = 110,
	BL_CNI_NO_ADDRESS = 111,
	BL_CNI_EXISTS = 112,  /* ADD of an attachment that is there */
	BL_CNI_DIFFERS = 113, /* CHECK: the text says what */
};

/* {"op": op}, for the caller to add to and free. */
json_t *bl_ipc_request(const char *op);

/* Answers; the first takes `ok`. */
json_t *bl_ipc_ok(json_t *ok);
json_t *bl_ipc_error(int code, const char *msg, const char *details);

/* What an answer of the second form says. */
struct bl_ipc_failure {
	int code;	    /* enum bl_ipc_code; 0: there was no answer */
	char msg[1000];	    /* one line */
	char details[1000]; /* may be empty */
};

/*
 * Splits an answer: 0 and *ret_ok (the caller's) or -EREMOTEIO and *ret_failure; -EBADMSG, with a text in *ret_failure,
 * where it is neither.
 */
int bl_ipc_split(const json_t *answer, json_t **ret_ok, struct bl_ipc_failure *ret_failure);

#endif
