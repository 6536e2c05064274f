// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The BGP neighbours of the agent's configuration.
 *
 * What is written into BIRD's configuration is held to what its grammar takes, and what becomes a socket's key to what the kernel
 * takes, so that a bad value is refused where it stands and not by BIRD.
 */

#include "agent/config_internal.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static bool is_peer_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && n <= 40 && !s[n];
}

static bool is_neighbour(const struct bl_ip *ip)
{
	return !bl_ip_is_unspecified(ip) && !bl_ip_is_multicast(ip) && !bl_ip_is_loopback(ip);
}

/* What BIRD's grammar can hold, and the kernel for TCP MD5. */
static bool is_password(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] <= '~' && s[n] != '"' && s[n] != '\\')
		n++;
	return n && n <= 80 && !s[n];
}

static int read_peer(struct bl_agent_config *c, const json_t *v, struct bl_desired_peer *ret_peer,
		     struct bl_err *err)
{
	const char *name = NULL, *address = NULL, *password = NULL;
	int64_t asn = 0;

	if (!json_is_object(v))
		return bl_err_set(err, -EINVAL, "must be an object");
	if (bl_json_get_str(v, "name", &name, err) ||
	    bl_json_get_str(v, "address", &address, err) ||
	    bl_json_get_str(v, "password", &password, err) ||
	    bl_json_get_int(v, "asn", 1, UINT32_MAX - 1, &asn, err))
		return -EINVAL;
	if (!name || !is_peer_name(name))
		return bl_err_set(err, -EINVAL,
				  "name: must be 1 to 40 of lower case letters, digits and _");
	if (!address || bl_ip_parse(address, &ret_peer->ip))
		return bl_err_set(err, -EINVAL, "address: must be an IPv4 or IPv6 address");
	if (!asn)
		return bl_err_set(err, -EINVAL, "asn: must be given");
	if (!is_neighbour(&ret_peer->ip))
		return bl_err_set(err, -EINVAL, "address: '%s' is no neighbour's", address);
	if (password && !is_password(password))
		return bl_err_set(err, -EINVAL,
				  "password: must have 1 to 80 printable characters without quotes "
				  "and backslashes");
	ret_peer->name = bl_arena_strdup(c->arena, name);
	ret_peer->asn = (uint32_t)asn;
	ret_peer->password = password ? bl_arena_strdup(c->arena, password) : NULL;
	return 0;
}

int bl_config_read_peers(struct bl_agent_config *c, const json_t *v, void *field,
			 struct bl_err *err)
{
	struct bl_desired_peer *list;
	size_t n;
	int rc = bl_config_read_list(v, &n, err);

	(void)field;
	if (rc)
		return rc;
	list = bl_arena_array(c->arena, n, struct bl_desired_peer);
	for (size_t i = 0; i < n; i++) {
		if (read_peer(c, json_array_get(v, i), &list[i], err))
			return bl_err_wrap(err, "[%zu]", i);
		for (size_t k = 0; k < i; k++) {
			if (bl_streq(list[k].name, list[i].name))
				return bl_err_set(err, -EINVAL, "[%zu]: name '%s' is used twice", i,
						  list[i].name);
		}
	}
	c->compile.peers = list;
	c->compile.n_peers = n;
	return 0;
}
