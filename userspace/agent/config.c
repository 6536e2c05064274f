// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The agent's configuration.
 *
 * A table names every key with its reader, so that a key which nobody reads is found and refused: a misspelt key that
 * silently did nothing would be noticed in production. A reader checks one value and reports it by its key; the file's
 * name is put in front once. Nothing is applied before the whole file has been read.
 *
 * Defaults are those of a kubeadm cluster where it has a convention (Service range, NodePort range, CNI folder), and
 * otherwise the paths of the FHS. Ports for source translation are 61000 to 65535: outside the kernel's default range for
 * the node's own sockets and outside the NodePort range, so that neither can collide with a translated flow.
 */

#include "agent/config_internal.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/state/maglev.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#define CONFIG_BYTES_MAX (1 << 20)
#define LIST_MAX	 256

struct key {
	const char *name;
	/* Checks the value and writes it to the field, which lies at `offset` in the configuration. */
	int (*read)(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err);
	size_t offset;
};

#define KEY(name, read, field)                                      \
	{                                                           \
		name, read, offsetof(struct bl_agent_config, field) \
	}

static int read_keys(struct bl_agent_config *c, const json_t *obj, const struct key *keys,
		     struct bl_err *err)
{
	const char *name;
	json_t *v;

	if (!json_is_object(obj))
		return bl_err_set(err, -EINVAL, "must be an object");
	json_object_foreach ((json_t *)(uintptr_t)obj, name, v) {
		const struct key *k = keys;

		while (k->name && !bl_streq(k->name, name))
			k++;
		if (!k->name)
			return bl_err_set(err, -EINVAL, "%s: no such key", name);
		if (!json_is_null(v) && k->read(c, v, (char *)c + k->offset, err))
			return bl_err_wrap(err, "%s", name);
	}
	return 0;
}

static int read_string(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *text = json_string_value(v);

	if (!text || !text[0])
		return bl_err_set(err, -EINVAL, "must be a text that is not empty");
	if (json_string_length(v) >= PATH_MAX || strlen(text) != json_string_length(v))
		return bl_err_set(err, -EINVAL, "too long or with a zero byte");
	*(const char **)field = bl_arena_strdup(c->arena, text);
	return 0;
}

static int read_path(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *path;
	int rc = read_string(c, v, &path, err);

	if (rc)
		return rc;
	if (path[0] != '/')
		return bl_err_set(err, -EINVAL, "'%s' must be an absolute path", path);
	*(const char **)field = path;
	return 0;
}

static int read_node_name(struct bl_agent_config *c, const json_t *v, void *field,
			  struct bl_err *err)
{
	const char *name;
	int rc = read_string(c, v, &name, err);

	if (rc)
		return rc;
	if (!bl_str_is_dns_subdomain(name))
		return bl_err_set(err, -EINVAL, "'%s' is not a node's name", name);
	*(const char **)field = name;
	return 0;
}

static int read_bool(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	(void)c;
	if (!json_is_boolean(v))
		return bl_err_set(err, -EINVAL, "must be true or false");
	*(bool *)field = json_is_true(v);
	return 0;
}

static int read_range(const json_t *v, int64_t min, int64_t max, uint32_t *ret, struct bl_err *err)
{
	if (!json_is_integer(v))
		return bl_err_set(err, -EINVAL, "must be an integer");
	if (json_integer_value(v) < min || json_integer_value(v) > max)
		return bl_err_set(err, -EINVAL, "%lld out of range %lld to %lld",
				  (long long)json_integer_value(v), (long long)min, (long long)max);
	*ret = (uint32_t)json_integer_value(v);
	return 0;
}

static int read_asn(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	(void)c;
	return read_range(v, 1, UINT32_MAX - 1, field, err); /* RFC 7607, RFC 7300 */
}

static int read_mtu(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	(void)c;
	return read_range(v, 1280, 65535, field, err); /* RFC 8200: IPv6 needs 1280 */
}

int bl_config_read_list(const json_t *v, size_t *ret_n, struct bl_err *err)
{
	if (!json_is_array(v))
		return bl_err_set(err, -EINVAL, "must be a list");
	if (json_array_size(v) > LIST_MAX)
		return bl_err_set(err, -EINVAL, "more than %d entries", LIST_MAX);
	*ret_n = json_array_size(v);
	return 0;
}

static int read_cidrs(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	struct bl_cidr *list;
	size_t n;
	int rc = bl_config_read_list(v, &n, err);

	if (rc)
		return rc;
	list = bl_arena_array(c->arena, n, struct bl_cidr);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(v, i));

		if (!text || bl_cidr_parse(text, false, &list[i]))
			return bl_err_set(err, -EINVAL, "[%zu]: '%s' is not a prefix", i,
					  text ? text : "");
	}
	*(struct bl_compile_cidrs *)field = (struct bl_compile_cidrs){.list = list, .count = n};
	return 0;
}

static int read_links(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char **list;
	size_t n;
	int rc = bl_config_read_list(v, &n, err);

	if (rc)
		return rc;
	list = bl_arena_array(c->arena, n, const char *);
	for (size_t i = 0; i < n; i++) {
		rc = read_string(c, json_array_get(v, i), &list[i], err);
		if (!rc && strlen(list[i]) >= IFNAMSIZ)
			rc = bl_err_set(err, -EINVAL, "'%s' is not an interface name", list[i]);
		if (rc)
			return bl_err_wrap(err, "[%zu]", i);
	}
	*(struct bl_agent_names *)field = (struct bl_agent_names){.list = list, .count = n};
	return 0;
}

/* "first-last" */
static int read_ports(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *text = json_string_value(v), *dash = text ? strchr(text, '-') : NULL;
	struct bl_compile_ports ports;
	char head[8] = "";

	(void)c;
	if (dash && (size_t)(dash - text) < sizeof(head))
		memcpy(head, text, (size_t)(dash - text));
	if (!dash || bl_str_to_port(head, &ports.first) || bl_str_to_port(dash + 1, &ports.last) ||
	    ports.first > ports.last)
		return bl_err_set(err, -EINVAL, "'%s' is not a port range as in 30000-32767",
				  text ? text : "");
	*(struct bl_compile_ports *)field = ports;
	return 0;
}

static int read_routing(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *text = json_string_value(v);
	enum bl_compile_routing *routing = field;

	(void)c;
	if (text && bl_streq(text, "bgp"))
		*routing = BL_ROUTING_BGP;
	else if (text && bl_streq(text, "direct"))
		*routing = BL_ROUTING_DIRECT;
	else
		return bl_err_set(err, -EINVAL, "must be bgp or direct");
	return 0;
}

static int read_lb(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *text = json_string_value(v);
	enum bl_compile_lb *lb = field;

	(void)c;
	if (text && bl_streq(text, "maglev"))
		*lb = BL_LB_MAGLEV;
	else if (text && bl_streq(text, "random"))
		*lb = BL_LB_RANDOM;
	else
		return bl_err_set(err, -EINVAL, "must be maglev or random");
	return 0;
}

static int read_forwarding(struct bl_agent_config *c, const json_t *v, void *field,
			   struct bl_err *err)
{
	const char *text = json_string_value(v);

	(void)c;
	if (!text || !(bl_streq(text, "dsr") || bl_streq(text, "snat")))
		return bl_err_set(err, -EINVAL, "must be dsr or snat");
	*(bool *)field = bl_streq(text, "dsr");
	return 0;
}

static int read_xdp(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	static const char *const words[] = {
		[BL_XDP_AUTO] = "auto",
		[BL_XDP_NATIVE] = "native",
		[BL_XDP_GENERIC] = "generic",
		[BL_XDP_OFF] = "off",
	};
	const char *text = json_string_value(v);

	(void)c;
	for (size_t i = 0; text && i < BL_ARRAY_SIZE(words); i++) {
		if (!bl_streq(text, words[i]))
			continue;
		*(enum bl_xdp_wish *)field = (enum bl_xdp_wish)i;
		return 0;
	}
	return bl_err_set(err, -EINVAL, "must be auto, native, generic or off");
}

static int read_maglev_size(struct bl_agent_config *c, const json_t *v, void *field,
			    struct bl_err *err)
{
	uint32_t size = 0;
	int rc = read_range(v, 2, BL_MAGLEV_SIZE_MAX, &size, err);

	(void)c;
	if (rc)
		return rc;
	if (bl_maglev_prime(size) != size)
		return bl_err_set(err, -EINVAL, "%u is no prime; the next is %u", size,
				  bl_maglev_prime(size));
	*(uint32_t *)field = size;
	return 0;
}

static int read_router_id(struct bl_agent_config *c, const json_t *v, void *field,
			  struct bl_err *err)
{
	const char *text = json_string_value(v);
	struct bl_ip ip;

	(void)c;
	if (!text || bl_ip_parse(text, &ip) || ip.family != 4 || bl_ip_is_unspecified(&ip))
		return bl_err_set(err, -EINVAL, "must be an IPv4 address that is not 0.0.0.0");
	*(struct bl_ip *)field = ip;
	return 0;
}

static int read_bgp(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	static const struct key keys[] = {
		KEY("asn", read_asn, compile.asn),
		KEY("routerID", read_router_id, compile.router_id),
		KEY("birdSocket", read_path, bird_socket),
		KEY("birdConfig", read_path, bird_config),
		KEY("mesh", read_bool, compile.mesh),
		KEY("peers", bl_config_read_peers, compile.peers),
		{},
	};

	(void)field;
	return read_keys(c, v, keys, err);
}

static int read_cni(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	static const struct key keys[] = {
		KEY("confDir", read_path, cni_conf_dir),
		KEY("mtu", read_mtu, cni_mtu),
		{},
	};

	(void)field;
	return read_keys(c, v, keys, err);
}

static bool is_map(const char *name)
{
	static const char *const names[] = {
#define MAP_NAME(name, type, key, value, entries, flags, text) #name,
		BL_MAPS(MAP_NAME)
#undef MAP_NAME
	};

	for (size_t i = 0; i < BL_ARRAY_SIZE(names); i++) {
		if (bl_streq(names[i], name))
			return true;
	}
	return false;
}

static int read_maps(struct bl_agent_config *c, const json_t *v, void *field, struct bl_err *err)
{
	const char *name;
	json_t *size;

	(void)field;
	if (!json_is_object(v))
		return bl_err_set(err, -EINVAL, "must be an object");
	c->map_sizes = bl_arena_array(c->arena, json_object_size(v), struct bl_map_size);
	json_object_foreach ((json_t *)(uintptr_t)v, name, size) {
		struct bl_map_size *to = &c->map_sizes[c->n_map_sizes++];

		if (!is_map(name))
			return bl_err_set(err, -EINVAL, "%s: no such map", name);
		to->name = bl_arena_strdup(c->arena, name);
		if (read_range(size, 1, 1 << 26, &to->entries, err))
			return bl_err_wrap(err, "%s", name);
	}
	return 0;
}

static int read_log_level(struct bl_agent_config *c, const json_t *v, void *field,
			  struct bl_err *err)
{
	const char *word = json_string_value(v);

	(void)c;
	if (!word || bl_log_parse_level(word, field))
		return bl_err_set(err, -EINVAL, "must be error, warn, info or debug");
	return 0;
}

static const struct key top_keys[] = {
	KEY("nodeName", read_node_name, compile.node),
	KEY("kubeconfig", read_path, kubeconfig),
	KEY("runDir", read_path, run_dir),
	KEY("stateDir", read_path, state_dir),
	KEY("bpfDir", read_path, bpf_dir),
	KEY("cgroup", read_path, cgroup),
	KEY("uplinks", read_links, uplinks),
	KEY("serviceCIDRs", read_cidrs, compile.service_cidrs),
	KEY("clusterCIDRs", read_cidrs, compile.cluster_cidrs),
	KEY("nodePorts", read_ports, compile.node_ports),
	KEY("nodePortAddresses", read_cidrs, compile.node_port_addresses),
	KEY("externalIPs", read_bool, compile.external_ips),
	KEY("snatPorts", read_ports, compile.snat_ports),
	KEY("forwarding", read_forwarding, compile.dsr),
	KEY("lbAlgorithm", read_lb, compile.lb),
	KEY("maglevSize", read_maglev_size, compile.maglev_size),
	KEY("xdp", read_xdp, xdp),
	KEY("masquerade", read_bool, compile.masquerade),
	KEY("routing", read_routing, compile.routing),
	KEY("bgp", read_bgp, compile),
	KEY("cni", read_cni, compile),
	KEY("maps", read_maps, map_sizes),
	KEY("logLevel", read_log_level, log_level),
	{},
};

static void set_defaults(struct bl_agent_config *c)
{
	c->run_dir = "/run/beeline";
	c->state_dir = "/var/lib/beeline";
	c->bpf_dir = "/sys/fs/bpf/beeline";
	c->bird_socket = "/run/bird/bird.ctl";
	c->bird_config = "/etc/bird/beeline.conf";
	c->cni_conf_dir = "/etc/cni/net.d";
	c->log_level = BL_LOG_INFO;
	c->compile.lb = BL_LB_MAGLEV;
	c->compile.maglev_size = BL_MAGLEV_SIZE_DEFAULT;
	c->compile.masquerade = true;
	c->compile.node_ports = (struct bl_compile_ports){30000, 32767};
	c->compile.snat_ports = (struct bl_compile_ports){61000, 65535};
	c->compile.routing = BL_ROUTING_DIRECT;
}

static int default_node(struct bl_agent_config *c, struct bl_err *err)
{
	const char *env = getenv("NODE_NAME");
	char host[256] = "";

	if (c->compile.node)
		return 0;
	if (!env || !env[0]) {
		if (gethostname(host, sizeof(host) - 1))
			return bl_err_set(err, -errno, "nodeName: the host has no name");
		env = host;
	}
	if (!bl_str_is_dns_subdomain(env))
		return bl_err_set(err, -EINVAL, "nodeName: '%s' is not a node's name", env);
	c->compile.node = bl_arena_strdup(c->arena, env);
	return 0;
}

/* What one key alone cannot tell. */
static int check(const struct bl_agent_config *c, struct bl_err *err)
{
	const struct bl_compile_config *p = &c->compile;

	if (p->snat_ports.first <= p->node_ports.last && p->node_ports.first <= p->snat_ports.last)
		return bl_err_set(err, -EINVAL, "snatPorts: overlaps nodePorts");
	if (p->routing == BL_ROUTING_BGP && !p->asn)
		return bl_err_set(err, -EINVAL, "bgp: asn: must be given with routing: bgp");
	for (size_t i = 0; i < p->service_cidrs.count; i++) {
		for (size_t k = 0; k < p->cluster_cidrs.count; k++) {
			if (bl_cidr_overlaps(&p->service_cidrs.list[i], &p->cluster_cidrs.list[k]))
				return bl_err_set(err, -EINVAL,
						  "serviceCIDRs: [%zu] overlaps clusterCIDRs", i);
		}
	}
	return 0;
}

static int read_file(struct bl_agent_config *c, const char *path, struct bl_err *err)
{
	BL_JSON json_t *root = NULL;
	int rc;

	if (!path)
		return 0;
	rc = bl_json_load_file(path, CONFIG_BYTES_MAX, &root, err);
	if (rc)
		return rc;
	rc = read_keys(c, root, top_keys, err);
	return rc ? bl_err_wrap(err, "%s", path) : 0;
}

int bl_agent_config_load(const char *path, struct bl_agent_config **ret_config, struct bl_err *err)
{
	BL_AGENT_CONFIG struct bl_agent_config *c = bl_new0(struct bl_agent_config);
	int rc;

	c->arena = bl_arena_new(4096);
	set_defaults(c);
	rc = read_file(c, path, err);
	if (rc)
		return rc;
	if (default_node(c, err) || check(c, err))
		return path ? bl_err_wrap(err, "%s", path) : -EINVAL;
	*ret_config = bl_take_ptr(c);
	return 0;
}

struct bl_agent_config *bl_agent_config_free(struct bl_agent_config *c)
{
	if (!c)
		return NULL;
	bl_arena_free(c->arena);
	free(c);
	return NULL;
}
