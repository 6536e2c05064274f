// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Frames, built and read for tests of the BPF programs.
 *
 * Written without a look at the programs: lengths and sums are computed here by the plain definitions (RFC 1071's sum over
 * pseudo-header and data; CRC32c bit by bit), so that what the programs do incrementally is held against the whole.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "frame.h"

#define ETH 14

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t sum_bytes(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	if (len)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

static uint16_t finish(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t crc32c(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static bool is_icmp(int family, uint8_t proto)
{
	return proto == (family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static bool is_echo(int family, uint8_t type)
{
	return family == 4 ? type == 8 || type == 0 : type == 128 || type == 129;
}

static size_t head_size(const struct frame *f)
{
	return f->proto == IPPROTO_TCP ? 20 : f->proto == IPPROTO_SCTP ? 16 : 8;
}

/* Where the checksum lies in the transport header; -1: none. */
static int check_at(int family, uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return 16;
	if (proto == IPPROTO_UDP)
		return 6;
	return is_icmp(family, proto) ? 2 : -1;
}

/* The right checksum of a transport packet whose field is taken as zero. */
static uint16_t transport_check(const struct frame *f, const uint8_t *l4, size_t len)
{
	size_t addr = f->family == 4 ? 4 : 16;
	int at = check_at(f->family, f->proto);
	uint32_t sum = 0;
	uint16_t check;

	if (!(f->family == 4 && f->proto == IPPROTO_ICMP)) {
		sum = sum_bytes(f->saddr, addr, sum);
		sum = sum_bytes(f->daddr, addr, sum);
		sum += f->proto + (uint32_t)len;
	}
	sum = sum_bytes(l4, (size_t)at, sum);
	sum = sum_bytes(l4 + at + 2, len - (size_t)at - 2, sum);
	check = finish(sum);
	return f->proto == IPPROTO_UDP && !check ? 0xffff : check;
}

static void build_icmp(const struct frame *f, uint8_t *l4)
{
	l4[0] = f->type;
	l4[1] = f->code;
	if (is_echo(f->family, f->type))
		put16(l4 + 4, f->sport);
	else
		put32(l4 + 4, f->word);
}

static void build_head(const struct frame *f, uint8_t *l4, size_t len)
{
	if (is_icmp(f->family, f->proto)) {
		build_icmp(f, l4);
		return;
	}
	put16(l4, f->sport);
	put16(l4 + 2, f->dport);
	if (f->proto == IPPROTO_TCP) {
		put32(l4 + 4, f->seq);
		put32(l4 + 8, f->ack);
		l4[12] = 5 << 4;
		l4[13] = f->tcp_flags;
		put16(l4 + 14, 1000);
	} else if (f->proto == IPPROTO_UDP) {
		put16(l4 + 4, (uint16_t)len);
	} else if (f->proto == IPPROTO_SCTP) {
		put32(l4 + 4, 0xfeedbeef);
		l4[12] = f->type;
		put16(l4 + 14, (uint16_t)(4 + f->size));
	}
}

static void build_checks(const struct frame *f, uint8_t *l4, size_t len)
{
	int at = check_at(f->family, f->proto);

	if (f->proto == IPPROTO_SCTP) {
		uint32_t crc = crc32c(l4, len);

		memcpy(l4 + 8, &crc, 4); /* little-endian on the wire, as RFC 9260 has it */
	} else if (at >= 0 && !(f->proto == IPPROTO_UDP && f->no_check)) {
		put16(l4 + at, transport_check(f, l4, len));
	}
}

static size_t build_ip4(const struct frame *f, uint8_t *ip, size_t payload)
{
	size_t size = 20 + f->options * 4;

	ip[0] = (uint8_t)(0x40 | (5 + f->options));
	put16(ip + 2, (uint16_t)(size + payload));
	put16(ip + 4, 0x1234);
	if (f->fragment)
		put16(ip + 6, (uint16_t)((f->fragment_more ? 0x2000 : 0) | f->fragment_offset / 8));
	ip[8] = f->ttl ? f->ttl : 64;
	ip[9] = f->proto;
	memcpy(ip + 12, f->saddr, 4);
	memcpy(ip + 16, f->daddr, 4);
	memset(ip + 20, 1, f->options * 4);
	put16(ip + 10, 0);
	put16(ip + 10, finish(sum_bytes(ip, size, 0)));
	return size;
}

static size_t build_ip6(const struct frame *f, uint8_t *ip, size_t payload)
{
	size_t extra = f->options * 8 + (f->fragment ? 8 : 0);
	uint8_t *next = ip + 6, *at = ip + 40;

	ip[0] = 0x60;
	put16(ip + 4, (uint16_t)(extra + payload));
	ip[7] = f->ttl ? f->ttl : 64;
	memcpy(ip + 8, f->saddr, 16);
	memcpy(ip + 24, f->daddr, 16);
	for (uint32_t i = 0; i < f->options; i++, at += 8) {
		*next = i ? IPPROTO_DSTOPTS : IPPROTO_HOPOPTS;
		memcpy(at, "\0\0\1\4\0\0\0\0", 8);
		next = at;
	}
	if (f->fragment) {
		*next = IPPROTO_FRAGMENT;
		memset(at, 0, 8);
		put16(at + 2, (uint16_t)(f->fragment_offset | f->fragment_more));
		put32(at + 4, 0x1234);
		next = at;
		at += 8;
	}
	*next = f->proto;
	return (size_t)(at - ip);
}

static size_t ip_size(const struct frame *f)
{
	if (f->family == 4)
		return 20 + f->options * 4;
	return 40 + f->options * 8 + (f->fragment ? 8 : 0);
}

size_t frame_build(const struct frame *f, uint8_t buf[FRAME_MAX])
{
	bool later = f->fragment && f->fragment_offset;
	size_t head = later ? 0 : head_size(f), ip = ip_size(f), len;
	uint8_t *l4 = buf + ETH + ip, quote[FRAME_MAX];
	size_t size = f->size;

	memset(buf, 0, FRAME_MAX);
	if (f->quoted) {
		size = frame_build(f->quoted, quote) - ETH;
		size = size > 68 ? 68 : size;
	}
	len = head + size;
	assert_true(ETH + ip + len <= FRAME_MAX);
	memcpy(buf, f->dst_mac, 6);
	memcpy(buf + 6, f->src_mac, 6);
	put16(buf + 12, f->family == 4 ? 0x0800 : 0x86dd);
	for (size_t i = 0; i < size; i++)
		l4[head + i] = f->quoted ? quote[ETH + i] : (uint8_t)(i * 7 + 1);
	if (!later) {
		build_head(f, l4, len);
		build_checks(f, l4, len);
	}
	if (f->family == 4)
		build_ip4(f, buf + ETH, len);
	else
		build_ip6(f, buf + ETH, len);
	return ETH + ip + len;
}

/* Fills addresses, protocol and fragment; returns the IP headers' size. */
static size_t read_ip(const uint8_t *ip, struct frame *f)
{
	size_t size = 40;
	uint8_t next;

	if (f->family == 4) {
		size = (ip[0] & 15) * 4u;
		f->ttl = ip[8];
		f->proto = ip[9];
		f->fragment = get16(ip + 6) & 0x3fff;
		f->fragment_offset = (uint16_t)((get16(ip + 6) & 0x1fff) * 8);
		memcpy(f->saddr, ip + 12, 4);
		memcpy(f->daddr, ip + 16, 4);
		assert_int_equal(finish(sum_bytes(ip, size, 0)), 0);
		return size;
	}
	f->ttl = ip[7];
	memcpy(f->saddr, ip + 8, 16);
	memcpy(f->daddr, ip + 24, 16);
	for (next = ip[6];
	     next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT;
	     size += 8) {
		if (next == IPPROTO_FRAGMENT) {
			f->fragment = true;
			f->fragment_offset = get16(ip + size + 2) & 0xfff8;
		}
		next = ip[size];
	}
	f->proto = next;
	return size;
}

static void read_head(const uint8_t *l4, struct frame *f)
{
	f->sport = get16(l4);
	f->dport = get16(l4 + 2);
	if (f->proto == IPPROTO_TCP) {
		f->seq = get32(l4 + 4);
		f->ack = get32(l4 + 8);
		f->tcp_flags = l4[13];
	} else if (f->proto == IPPROTO_SCTP) {
		f->type = l4[12];
	} else if (is_icmp(f->family, f->proto)) {
		f->type = l4[0];
		f->code = l4[1];
		f->word = get32(l4 + 4);
		f->dport = 0;
		f->sport = is_echo(f->family, f->type) ? get16(l4 + 4) : 0;
	}
}

static void check_transport(struct frame *f, const uint8_t *l4, size_t len)
{
	int at = check_at(f->family, f->proto);

	if (f->proto == IPPROTO_SCTP) {
		uint8_t copy[FRAME_MAX];
		uint32_t crc;

		memcpy(copy, l4, len);
		memset(copy + 8, 0, 4);
		crc = crc32c(copy, len);
		assert_memory_equal(&crc, l4 + 8, 4);
	} else if (f->proto == IPPROTO_UDP && f->family == 4 && !get16(l4 + 6)) {
		f->no_check = true;
	} else if (at >= 0) {
		assert_int_equal(get16(l4 + at), transport_check(f, l4, len));
	}
}

static void read_quoted(const uint8_t *ip, size_t len, int family, struct frame *q)
{
	size_t size;

	memset(q, 0, sizeof(*q));
	q->family = family;
	size = read_ip(ip, q);
	assert_true(len >= size + 8);
	read_head(ip + size, q);
}

void frame_read(const uint8_t *buf, size_t len, struct frame *ret_frame, struct frame *ret_quoted)
{
	struct frame f = {};
	const uint8_t *l4;
	size_t size;

	assert_true(len > ETH + 20);
	memcpy(f.dst_mac, buf, 6);
	memcpy(f.src_mac, buf + 6, 6);
	f.family = get16(buf + 12) == 0x0800 ? 4 : 6;
	size = read_ip(buf + ETH, &f);
	len -= ETH + size;
	l4 = buf + ETH + size;
	assert_int_equal(f.family == 4 ? get16(buf + ETH + 2) : get16(buf + ETH + 4) + 40u,
			 len + size);
	if (!f.fragment_offset && len >= head_size(&f)) {
		read_head(l4, &f);
		f.size = (uint32_t)(len - head_size(&f));
		memcpy(f.data, l4 + head_size(&f), f.size < 128 ? f.size : 128);
	}
	if (!f.fragment)
		check_transport(&f, l4, len);
	if (ret_quoted)
		read_quoted(l4 + 8, len - 8, f.family, ret_quoted);
	*ret_frame = f;
}
