// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: The text of BIRD's configuration.
 *
 * A pure function: the same sessions and prefixes give the same bytes, and the text changes exactly when what it says does,
 * because every change is a reconfiguration of a running BIRD. The syntax is that of BIRD 2.0.12 and is also read by 2.17.
 *
 * The file is included by the site's own bird.conf, so everything lives in tables of its own (beeline4, beeline6) under names
 * that begin with beeline_, peer or mesh; the site's own protocols are not touched, and do not touch these.
 *
 *     own prefixes (static) ─┐                  ┌─ export: own prefixes only ─ BGP sessions
 *     the node's links (direct: next hops) ─ beeline4/6
 *     BGP sessions ─ import: accepted prefixes ─┘                  └─ export: learnt by BGP only ─ kernel
 *
 * The own prefixes exist here only to be announced: they are never exported to the kernel, where the agent's own blackhole
 * route already stands, so the two never fight over it. What a peer sends is accepted only inside the accepted prefixes,
 * never as a default route, and never inside an own prefix: a peer cannot take the node's pods away from it. Routes in the
 * kernel prefer the node's own address as source. `persist` and graceful restart leave the routes alone while BIRD restarts.
 *
 * A session carries its own family only, so that next hops are always of the family of the routes. Inside one AS the next
 * hop is resolved through the node's links, so a route reflector may be further away than the nodes that it speaks of.
 *
 * Nothing is escaped, because BIRD's grammar has no escapes: a name or password that the grammar cannot hold is refused.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/bgp/bgp.h"
#include "base/str.h"

#define NAME_LEN_MAX	 60
#define PASSWORD_LEN_MAX 80 /* TCP_MD5SIG_MAXKEYLEN */

static bool name_is_safe(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n && n <= NAME_LEN_MAX && !s[n] && (s[0] < '0' || s[0] > '9');
}

static bool password_is_safe(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > PASSWORD_LEN_MAX)
		return false;
	for (; *s; s++)
		if (*s < ' ' || *s > '~' || *s == '"' || *s == '\\')
			return false;
	return true;
}

/* A password is a secret: the error does not show it. */
static int check_peer(const struct bl_desired_peer *p, struct bl_err *err)
{
	if (!name_is_safe(p->name))
		return bl_err_set(err, -EINVAL, "peer '%s': a name has 1 to %d of A-Z a-z 0-9 _",
				  p->name, NAME_LEN_MAX);
	if (bl_str_starts(p->name, "beeline_"))
		return bl_err_set(err, -EINVAL, "peer '%s': beeline_ is reserved", p->name);
	if ((p->ip.family != 4 && p->ip.family != 6) || bl_ip_is_unspecified(&p->ip) ||
	    bl_ip_is_multicast(&p->ip) || bl_ip_is_loopback(&p->ip))
		return bl_err_set(err, -EINVAL, "peer '%s': no address of a neighbour", p->name);
	if (!p->asn)
		return bl_err_set(err, -EINVAL, "peer '%s': no AS number", p->name);
	if (p->password && !password_is_safe(p->password))
		return bl_err_set(err, -EINVAL,
				  "peer '%s': a password has 1 to %d printable characters without "
				  "quotes and backslashes",
				  p->name, PASSWORD_LEN_MAX);
	return 0;
}

static int check(const struct bl_desired_bgp *want, struct bl_err *err)
{
	if (want->router_id.family != 4 || bl_ip_is_unspecified(&want->router_id))
		return bl_err_set(err, -EINVAL, "the router id must be an IPv4 address");
	if (!want->asn)
		return bl_err_set(err, -EINVAL, "no AS number");
	for (size_t i = 0; i < want->n_peers; i++) {
		int rc = check_peer(&want->peers[i], err);

		if (rc)
			return rc;
		for (size_t k = 0; k < i; k++)
			if (bl_streq(want->peers[i].name, want->peers[k].name))
				return bl_err_set(err, -EINVAL, "two peers are called '%s'",
						  want->peers[i].name);
	}
	return 0;
}

/* "[ a+, b+ ]" of one family's prefixes; false, and nothing written, where there are none. */
static bool put_set(const struct bl_cidr *list, size_t n, uint8_t family, struct bl_buf *out)
{
	char text[BL_CIDR_STRLEN];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (list[i].ip.family != family)
			continue;
		bl_buf_printf(out, "%s%s+", any ? ", " : "[ ", bl_cidr_format(&list[i], text));
		any = true;
	}
	if (any)
		bl_buf_puts(out, " ]");
	return any;
}

static void put_import(const struct bl_desired_bgp *want, uint8_t family, struct bl_buf *out)
{
	BL_BUF struct bl_buf own = {};
	BL_BUF struct bl_buf accepted = {};

	bl_buf_printf(out, "filter beeline_import%u {\n", family);
	bl_buf_printf(out, "\tif net = %s then reject;\n", family == 4 ? "0.0.0.0/0" : "::/0");
	if (put_set(want->announce, want->n_announce, family, &own))
		bl_buf_printf(out, "\tif net ~ %s then reject;\n", own.data);
	if (put_set(want->accept, want->n_accept, family, &accepted))
		bl_buf_printf(out, "\tif net ~ %s then accept;\n\treject;\n", accepted.data);
	else
		bl_buf_puts(out, want->n_accept ? "\treject;\n" : "\taccept;\n");
	bl_buf_puts(out, "}\n\n");
}

static void put_own(const struct bl_desired_bgp *want, uint8_t family, struct bl_buf *out)
{
	char text[BL_CIDR_STRLEN];

	bl_buf_printf(out,
		      "protocol static beeline_own%u {\n"
		      "\tipv%u { table beeline%u; import all; export none; };\n",
		      family, family, family);
	for (size_t i = 0; i < want->n_announce; i++)
		if (want->announce[i].ip.family == family)
			bl_buf_printf(out, "\troute %s blackhole;\n",
				      bl_cidr_format(&want->announce[i], text));
	bl_buf_puts(out, "}\n\n");
	bl_buf_printf(out,
		      "filter beeline_export%u {\n"
		      "\tif proto = \"beeline_own%u\" then accept;\n"
		      "\treject;\n"
		      "}\n\n",
		      family, family);
}

static void put_kernel(const struct bl_ip *source, uint8_t family, struct bl_buf *out)
{
	char text[BL_IP_STRLEN];

	bl_buf_printf(out, "filter beeline_to_kernel%u {\n\tif source != RTS_BGP then reject;\n",
		      family);
	if (source->family)
		bl_buf_printf(out, "\tkrt_prefsrc = %s;\n", bl_ip_format(source, text));
	bl_buf_puts(out, "\taccept;\n}\n\n");
	bl_buf_printf(
		out,
		"protocol kernel beeline_kernel%u {\n"
		"\tpersist;\n"
		"\tgraceful restart on;\n"
		"\tmerge paths on;\n"
		"\tscan time 10;\n"
		"\tipv%u { table beeline%u; import none; export filter beeline_to_kernel%u; };\n"
		"}\n\n",
		family, family, family, family);
}

static void put_family(const struct bl_desired_bgp *want, uint8_t family, struct bl_buf *out)
{
	put_own(want, family, out);
	put_import(want, family, out);
	put_kernel(family == 4 ? &want->source4 : &want->source6, family, out);
}

/* Nodes of one AS behind a fabric of another see their own number in each other's paths: own prefixes are filtered anyway. */
static void put_peer(const struct bl_desired_bgp *want, const struct bl_desired_peer *p,
		     struct bl_buf *out)
{
	const struct bl_ip *source = p->ip.family == 4 ? &want->source4 : &want->source6;
	unsigned int family = p->ip.family;
	char local[BL_IP_STRLEN] = "", text[BL_IP_STRLEN];

	if (source->family)
		bl_ip_format(source, local);
	bl_buf_printf(out,
		      "protocol bgp %s {\n"
		      "\tlocal %s%sas %u;\n"
		      "\tneighbor %s as %u;\n",
		      p->name, local, *local ? " " : "", want->asn, bl_ip_format(&p->ip, text),
		      p->asn);
	if (p->password)
		bl_buf_printf(out, "\tpassword \"%s\";\n", p->password);
	if (p->asn != want->asn)
		bl_buf_puts(out, "\tallow local as 1;\n");
	bl_buf_printf(out,
		      "\tgraceful restart on;\n"
		      "\tconnect delay time 1;\n"
		      "\tconnect retry time 2;\n"
		      "\terror wait time 1, 30;\n"
		      "\tipv%u {\n"
		      "\t\ttable beeline%u;\n"
		      "\t\timport filter beeline_import%u;\n"
		      "\t\texport filter beeline_export%u;\n"
		      "\t\tnext hop self;\n"
		      "\t};\n"
		      "}\n\n",
		      family, family, family, family);
}

int bl_bgp_render(const struct bl_desired_bgp *want, struct bl_buf *out, struct bl_err *err)
{
	char text[BL_IP_STRLEN];
	int rc = want->enabled ? check(want, err) : 0;

	if (rc)
		return bl_err_wrap(err, "bgp"), rc;
	bl_buf_puts(
		out,
		"# Written by beelined from the cluster's state: changes made here are lost.\n");
	if (!want->enabled)
		return 0;
	bl_buf_printf(out, "router id %s;\n\n", bl_ip_format(&want->router_id, text));
	bl_buf_puts(out, "ipv4 table beeline4;\nipv6 table beeline6;\n\n"
			 "protocol direct beeline_links {\n"
			 "\tipv4 { table beeline4; import all; export none; };\n"
			 "\tipv6 { table beeline6; import all; export none; };\n"
			 "}\n\n");
	put_family(want, 4, out);
	put_family(want, 6, out);
	for (size_t i = 0; i < want->n_peers; i++)
		put_peer(want, &want->peers[i], out);
	return 0;
}
