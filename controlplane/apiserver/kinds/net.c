/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: Addresses, prefixes and ports in objects.
 *
 * Addresses are read strictly, as kube-apiserver does since 1.36 has StrictIPCIDRValidation on: no
 * leading zeros (CVE-2021-29923), no IPv4 inside IPv6, no zone; a prefix has no bits behind its
 * length. An IPv6 address need not be canonical (fd00::0:1), which only gives a warning.
 *
 * What an endpoint may be is narrower: traffic to an unspecified, loopback or link-local address
 * would end on the node itself, so those are refused.
 *
 * Functions say whether anything was wrong, so that a caller does not ask for the family of what is
 * no address.
 */
#include "apiserver/kinds/net.h"

#include <stdarg.h>
#include <stdio.h>

#include "apiserver/kinds/names.h"
#include "base/cleanup.h"
#include "base/str.h"

#define NOT_AN_IP "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

bool bl_check_ip(struct bl_check *ck, const char *name, const char *text)
{
	struct bl_ip ip;

	if (!bl_ip_parse(text, &ip))
		return true;
	bl_check_invalid_str(ck, name, text, NOT_AN_IP);
	return false;
}

bool bl_check_cidr(struct bl_check *ck, const char *name, const char *text)
{
	struct bl_cidr cidr;

	if (!bl_cidr_parse(text, false, &cidr))
		return true;
	if (!bl_cidr_parse(text, true, &cidr))
		bl_check_invalid_str(ck, name, text,
				     "must not have bits set beyond the prefix length");
	else
		bl_check_invalid_str(
			ck, name, text,
			"must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
	return false;
}

/* 224.0.0.0/24 and ffx2::/16 */
static bool is_link_local_multicast(const struct bl_ip *ip)
{
	if (ip->family == 4)
		return ip->b[0] == 224 && ip->b[1] == 0 && ip->b[2] == 0;
	return ip->b[0] == 0xff && (ip->b[1] & 0x0f) == 2;
}

bool bl_check_endpoint_ip(struct bl_check *ck, const char *name, const char *text)
{
	struct bl_ip ip;
	size_t before = ck->causes->count;

	if (bl_ip_parse(text, &ip)) {
		bl_check_invalid_str(ck, name, text, "must be a valid IP address");
		return false;
	}
	if (bl_ip_is_unspecified(&ip))
		bl_check_invalid_str(ck, name, text, "may not be unspecified");
	if (bl_ip_is_loopback(&ip))
		bl_check_invalid_str(ck, name, text, "may not be in the loopback range");
	if (bl_ip_is_link_local(&ip))
		bl_check_invalid_str(
			ck, name, text,
			"may not be in the link-local range (169.254.0.0/16, fe80::/10)");
	if (is_link_local_multicast(&ip))
		bl_check_invalid_str(
			ck, name, text,
			"may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
	return ck->causes->count == before;
}

bool bl_check_port(struct bl_check *ck, const char *name, long long port)
{
	return bl_check_range(ck, name, port, 1, 65535);
}

bool bl_check_port_or_name(struct bl_check *ck, const char *name, const json_t *value)
{
	if (json_is_string(value))
		return bl_check_rules(ck, name, json_string_value(value), bl_rule_port_name);
	return bl_check_port(ck, name, json_integer_value(value));
}

void bl_check_protocol(struct bl_check *ck, const char *name, const char *protocol)
{
	static const char *const known[] = {"SCTP", "TCP", "UDP", NULL};

	if (*protocol == '\0')
		bl_check_required(ck, name, "");
	else
		(void)bl_check_one_of(ck, name, protocol, known);
}

int bl_ip_family(const char *text)
{
	struct bl_ip ip;

	return bl_ip_parse(text, &ip) ? 0 : ip.family;
}

void bl_warn(json_t *warnings, const char *text, ...)
{
	BL_FREE char *line = NULL;
	va_list ap;

	va_start(ap, text);
	if (vasprintf(&line, text, ap) < 0)
		line = NULL;
	va_end(ap);
	if (line)
		json_array_append_new(warnings, json_string(line));
}

void bl_warn_ip(json_t *warnings, const char *path, const char *text)
{
	char canonical[BL_IP_STRLEN];
	struct bl_ip ip;

	if (bl_ip_parse(text, &ip) || bl_streq(bl_ip_format(&ip, canonical), text))
		return;
	bl_warn(warnings, "%s: IPv6 address \"%s\" should be in RFC 5952 canonical format (\"%s\")",
		path, text, canonical);
}

void bl_warn_cidr(json_t *warnings, const char *path, const char *text)
{
	char canonical[BL_CIDR_STRLEN];
	struct bl_cidr cidr;

	if (bl_cidr_parse(text, true, &cidr) || bl_streq(bl_cidr_format(&cidr, canonical), text))
		return;
	bl_warn(warnings, "%s: CIDR value \"%s\" should be in canonical form (\"%s\")", path, text,
		canonical);
}
