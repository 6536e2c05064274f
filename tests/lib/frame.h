/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_FRAME_H
#define BL_TEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 4096

/*
 * An Ethernet frame told by what matters in it. frame_build() makes bytes of it with every checksum right; frame_read() tells bytes, and
 * fails the test if a checksum or a length in them is wrong, each computed anew over all that it covers.
 */
struct frame {
	int family; /* 4 or 6 */
	uint8_t dst_mac[6];
	uint8_t src_mac[6];
	uint8_t saddr[16]; /* IPv4 in the first four bytes */
	uint8_t daddr[16];
	uint8_t ttl;
	uint8_t proto;
	uint16_t sport; /* host order; ICMP echo: the identifier */
	uint16_t dport;
	uint8_t tcp_flags;
	uint8_t type; /* ICMP type; SCTP chunk */
	uint8_t code;
	uint32_t seq;		  /* TCP */
	uint32_t ack;		  /* TCP */
	uint32_t word;		  /* ICMP errors: the word behind the checksum */
	uint32_t size;		  /* bytes behind the transport header */
	uint32_t options;	  /* IPv4: words of options; IPv6: hop-by-hop headers of 8 bytes */
	bool no_check;		  /* UDP over IPv4 without a checksum */
	bool fragment;		  /* with the fields below */
	uint16_t fragment_offset; /* bytes */
	bool fragment_more;
	const struct frame *quoted; /* ICMP errors: what they quote */
	uint8_t data[128]; /* filled by frame_read(): the first bytes behind the transport header */
};

/* Returns the number of bytes. */
size_t frame_build(const struct frame *f, uint8_t buf[FRAME_MAX]);

/* Fills the frame; ret_quoted, if given, with what an ICMP error quotes (its transport checksum unchecked). */
void frame_read(const uint8_t *buf, size_t len, struct frame *ret_frame, struct frame *ret_quoted);

#endif
