/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Probes and lifecycle hooks of containers.
 *
 * Both are one action: a command, an HTTP request, a TCP connection, a gRPC health check (probes) or
 * a pause (hooks). Exactly one; what stands beside the first is forbidden by its own name.
 *
 * A liveness or startup probe that needs more than one success would mean nothing, so their
 * threshold is one.
 *
 * Periods and thresholds have their defaults by now: zero here means that the client's number was
 * negative or wrong, never that it is absent.
 */
#include "apiserver/kinds/names.h"
#include "apiserver/kinds/net.h"
#include "apiserver/kinds/pod.h"
#include "base/str.h"

static void check_exec(struct bl_check *ck, const json_t *exec)
{
	if (bl_count(exec, "command") == 0)
		bl_check_required(ck, "command", "");
}

static void check_http(struct bl_check *ck, const json_t *http)
{
	static const char *const schemes[] = {"HTTP", "HTTPS", NULL};
	const json_t *headers = bl_get(http, "httpHeaders");

	if (!bl_has_str(http, "path"))
		bl_check_required(ck, "path", "");
	(void)bl_check_port_or_name(ck, "port", bl_get(http, "port"));
	(void)bl_check_one_of(ck, "scheme", bl_str(http, "scheme"), schemes);
	for (size_t i = 0; i < json_array_size(headers); i++) {
		size_t mark = bl_path_push(&ck->at, "httpHeaders");

		(void)bl_check_rules(ck, NULL, bl_str(json_array_get(headers, i), "name"),
				     bl_rule_http_header);
		bl_path_pop(&ck->at, mark);
	}
}

static void check_tcp(struct bl_check *ck, const json_t *tcp)
{
	(void)bl_check_port_or_name(ck, "port", bl_get(tcp, "port"));
}

static void check_grpc(struct bl_check *ck, const json_t *grpc)
{
	(void)bl_check_port(ck, "port", bl_int(grpc, "port"));
}

static void check_nothing(struct bl_check *ck, const json_t *action)
{
	(void)ck;
	(void)action;
}

static void check_action(struct bl_check *ck, const json_t *handler)
{
	static const struct {
		const char *name;
		void (*check)(struct bl_check *ck, const json_t *action);
	} actions[] = {{"exec", check_exec},
		       {"httpGet", check_http},
		       {"tcpSocket", check_tcp},
		       {"grpc", check_grpc},
		       {"sleep", check_nothing}};
	unsigned int count = 0;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		size_t mark;

		if (!bl_has(handler, actions[i].name))
			continue;
		if (count++ > 0) {
			bl_check_forbidden(ck, actions[i].name,
					   "may not specify more than 1 handler type");
			continue;
		}
		mark = bl_path_push(&ck->at, actions[i].name);
		actions[i].check(ck, bl_get(handler, actions[i].name));
		bl_path_pop(&ck->at, mark);
	}
	if (count == 0)
		bl_check_required(ck, NULL, "must specify a handler type");
}

static void check_probe(struct bl_check *ck, const char *name, const json_t *probe)
{
	static const char *const numbers[] = {"initialDelaySeconds", "timeoutSeconds",
					      "periodSeconds", "successThreshold",
					      "failureThreshold"};
	static const char grace[] = "terminationGracePeriodSeconds";
	bool readiness = bl_streq(name, "readinessProbe");
	size_t mark;

	if (!json_is_object(probe))
		return;
	mark = bl_path_push(&ck->at, name);
	check_action(ck, probe);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)bl_check_not_negative(ck, numbers[i], bl_int(probe, numbers[i]));
	if (bl_has(probe, grace) && readiness)
		bl_check_invalid(ck, grace, bl_get(probe, grace),
				 "must not be set for readinessProbes");
	else if (bl_has(probe, grace) && bl_int(probe, grace) <= 0)
		bl_check_invalid(ck, grace, bl_get(probe, grace), "must be greater than 0");
	if (!readiness && bl_int(probe, "successThreshold") != 1)
		bl_check_invalid(ck, "successThreshold", bl_get(probe, "successThreshold"),
				 "must be 1");
	bl_path_pop(&ck->at, mark);
}

void bl_pod_check_probes(struct bl_check *ck, const json_t *container)
{
	static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};

	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		check_probe(ck, probes[i], bl_get(container, probes[i]));
}

void bl_pod_check_lifecycle(struct bl_check *ck, const json_t *container)
{
	static const char *const hooks[] = {"postStart", "preStop"};
	const json_t *lifecycle = bl_get(container, "lifecycle");
	size_t mark = bl_path_push(&ck->at, "lifecycle");

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		size_t inner;

		if (!bl_has(lifecycle, hooks[i]))
			continue;
		inner = bl_path_push(&ck->at, hooks[i]);
		check_action(ck, bl_get(lifecycle, hooks[i]));
		bl_path_pop(&ck->at, inner);
	}
	bl_path_pop(&ck->at, mark);
}
