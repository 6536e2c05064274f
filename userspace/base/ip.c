// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Addresses and prefixes of both families.
 *
 * One type holds either family, so that code above the kernel is written once. Parsing accepts the canonical forms only:
 * an address that two readers take for two different hosts is refused (CVE-2021-29923). inet_pton() already refuses
 * leading zeros, short forms and zones; IPv4 in IPv6 is refused here, because the kernel would treat the two
 * spellings as different destinations.
 */

#include "base/ip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int bl_ip_parse(const char *s, struct bl_ip *ret_ip)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct bl_ip ip = {};

	if (strchr(s, ':')) {
		ip.family = 6;
		if (inet_pton(AF_INET6, s, ip.b) != 1 || !memcmp(ip.b, mapped, sizeof(mapped)))
			return -EINVAL;
	} else {
		ip.family = 4;
		if (inet_pton(AF_INET, s, ip.b) != 1)
			return -EINVAL;
	}
	*ret_ip = ip;
	return 0;
}

/* Clears what lies behind the length. Returns whether anything was set there. */
static bool mask(struct bl_cidr *c)
{
	bool cleared = false;

	for (unsigned int i = 0; i < bl_ip_size(&c->ip); i++) {
		int keep = (int)c->len - (int)(8 * i);
		uint8_t m = keep >= 8 ? 0xff : keep <= 0 ? 0 : (uint8_t)(0xff << (8 - keep));

		cleared |= (c->ip.b[i] & ~m & 0xff) != 0;
		c->ip.b[i] &= m;
	}
	return cleared;
}

int bl_cidr_parse(const char *s, bool host_bits, struct bl_cidr *ret_cidr)
{
	const char *slash = strchr(s, '/');
	char addr[BL_IP_STRLEN];
	struct bl_cidr c = {};
	int64_t len;

	if (!slash || (size_t)(slash - s) >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	if (bl_ip_parse(addr, &c.ip) || bl_str_to_int(slash + 1, 0, bl_ip_bits(&c.ip), &len))
		return -EINVAL;
	c.len = (uint8_t)len;
	if (mask(&c) && !host_bits)
		return -EINVAL;
	*ret_cidr = c;
	return 0;
}

const char *bl_ip_format(const struct bl_ip *ip, char buf[BL_IP_STRLEN])
{
	if (!ip->family ||
	    !inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->b, buf, BL_IP_STRLEN))
		strcpy(buf, "none");
	return buf;
}

const char *bl_cidr_format(const struct bl_cidr *c, char buf[BL_CIDR_STRLEN])
{
	size_t n = strlen(bl_ip_format(&c->ip, buf));

	(void)snprintf(buf + n, BL_CIDR_STRLEN - n, "/%u", c->len);
	return buf;
}

int bl_ip_cmp(const struct bl_ip *a, const struct bl_ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

int bl_cidr_cmp(const struct bl_cidr *a, const struct bl_cidr *b)
{
	int rc = bl_ip_cmp(&a->ip, &b->ip);

	return rc ? rc : (int)a->len - (int)b->len;
}

bool bl_cidr_contains(const struct bl_cidr *c, const struct bl_ip *ip)
{
	struct bl_cidr other = {.ip = *ip, .len = c->len};

	if (c->ip.family != ip->family)
		return false;
	(void)mask(&other);
	return memcmp(other.ip.b, c->ip.b, sizeof(c->ip.b)) == 0;
}

bool bl_cidr_overlaps(const struct bl_cidr *a, const struct bl_cidr *b)
{
	return a->len <= b->len ? bl_cidr_contains(a, &b->ip) : bl_cidr_contains(b, &a->ip);
}

uint64_t bl_cidr_size(const struct bl_cidr *c)
{
	unsigned int bits = bl_ip_bits(&c->ip) - c->len;

	return bits >= 64 ? UINT64_MAX : 1ULL << bits;
}

int bl_cidr_nth(const struct bl_cidr *c, uint64_t n, struct bl_ip *ret_ip)
{
	struct bl_ip ip = c->ip;

	if (n >= bl_cidr_size(c) && bl_cidr_size(c) != UINT64_MAX)
		return -ERANGE;
	for (unsigned int i = bl_ip_size(&ip); i-- > 0 && n; n >>= 8)
		ip.b[i] |= (uint8_t)n;
	*ret_ip = ip;
	return 0;
}

bool bl_ip_is_unspecified(const struct bl_ip *ip)
{
	static const uint8_t zero[16];

	return memcmp(ip->b, zero, sizeof(zero)) == 0;
}

bool bl_ip_is_loopback(const struct bl_ip *ip)
{
	if (ip->family == 4)
		return ip->b[0] == 127;
	return memcmp(ip->b, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

bool bl_ip_is_link_local(const struct bl_ip *ip)
{
	if (ip->family == 4)
		return ip->b[0] == 169 && ip->b[1] == 254;
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

bool bl_ip_is_multicast(const struct bl_ip *ip)
{
	return ip->family == 4 ? (ip->b[0] & 0xf0) == 0xe0 : ip->b[0] == 0xff;
}

void bl_ip_from_sockaddr(const struct sockaddr *sa, struct bl_ip *ret_ip)
{
	struct bl_ip ip = {};

	if (sa->sa_family == AF_INET) {
		ip.family = 4;
		memcpy(ip.b, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		ip.family = 6;
		memcpy(ip.b, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
	}
	*ret_ip = ip;
}
