// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: UDP packets of many flows, straight onto a link.
 *
 * What a load balancer's uplink sees: frames with the source addresses and ports of `flows` clients in turn, written to a packet socket
 * in batches, past the queueing discipline. Nothing of the stack in front of the link takes part, so that every candidate gets the same
 * frames at the same place. The far end of a veth pair works in the sender's own CPU time, so that what arrives a second is what the
 * CPU carries. Sources are 10.64.0.0 + n and fd00:10:64:: + n, 16,384 ports each from 1024 on. Prints what was sent; what
 * arrived is counted where it arrives, by who runs this.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/flag.h"
#include "lib/place.h"

#define BATCH	    64
#define PAYLOAD	    18
#define FRAME_BYTES (14 + 40 + 8 + PAYLOAD)
#define PORT_FIRST  1024
#define PORTS	    16384

struct told {
	struct bl_place place;
	const char *link, *mac, *addr;
	int64_t port, flows, milliseconds;
	int help;
};

struct inject {
	int fd;
	bool six;
	size_t len, l4; /* bytes of a frame; where UDP begins */
	uint32_t sum;	/* of what no flow changes, for UDP's checksum */
	uint32_t flows, next;
	uint8_t frame[BATCH][FRAME_BYTES];
	struct iovec iov[BATCH];
	struct mmsghdr msg[BATCH];
	uint64_t sent, errors;
};

static uint32_t add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static int read_mac(const char *text, uint8_t *ret_mac)
{
	unsigned int b[6];
	char end;

	if (!text || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4],
			    &b[5], &end) != 6)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		ret_mac[i] = (uint8_t)b[i];
	return 0;
}

/* All but the source and what follows from it. */
static void build4(struct inject *in, uint8_t *frame, const struct sockaddr_storage *to)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)to;
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};

	ip.tot_len = htons((uint16_t)(in->len - 14));
	ip.saddr = htonl(0x0a400000);
	ip.daddr = sin->sin_addr.s_addr;
	memcpy(frame + 14, &ip, sizeof(ip));
	in->sum = add(in->sum, &ip.daddr, 4);
}

static void build6(struct inject *in, uint8_t *frame, const struct sockaddr_storage *to)
{
	const struct sockaddr_in6 *sin = (const struct sockaddr_in6 *)to;
	struct ipv6hdr ip = {.version = 6, .hop_limit = 64, .nexthdr = IPPROTO_UDP};

	ip.payload_len = htons(8 + PAYLOAD);
	inet_pton(AF_INET6, "fd00:10:64::", &ip.saddr);
	ip.daddr = sin->sin6_addr;
	memcpy(frame + 14, &ip, sizeof(ip));
	in->sum = add(in->sum, &ip.daddr, 16);
	in->sum = add(in->sum, &ip.saddr, 12);
}

static void build(struct inject *in, const struct sockaddr_storage *to, const uint8_t *mac)
{
	const struct sockaddr_in *sin =
		(const struct sockaddr_in *)to; /* the port lies at the same place in both */
	struct udphdr udp = {.dest = sin->sin_port, .len = htons(8 + PAYLOAD)};
	uint8_t *frame = in->frame[0];

	in->l4 = 14 + (in->six ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	in->len = in->l4 + 8 + PAYLOAD;
	memcpy(frame, mac, 6);
	frame[6] = 2; /* a locally administered source */
	frame[12] = in->six ? 0x86 : 0x08;
	frame[13] = in->six ? 0xdd : 0x00;
	in->six ? build6(in, frame, to) : build4(in, frame, to);
	memcpy(frame + in->l4, &udp, sizeof(udp));
	in->sum += IPPROTO_UDP + 8 + PAYLOAD;
	in->sum = add(in->sum, &udp, sizeof(udp));
	for (int i = 0; i < BATCH; i++) {
		memcpy(in->frame[i], frame, in->len);
		in->iov[i] = (struct iovec){in->frame[i], in->len};
		in->msg[i].msg_hdr = (struct msghdr){.msg_iov = &in->iov[i], .msg_iovlen = 1};
	}
}

/* Gives a frame its flow's source: address, port, and the checksums that follow. */
static void source(const struct inject *in, uint8_t *frame, uint32_t flow)
{
	uint32_t host = flow / PORTS;
	uint16_t port = (uint16_t)(PORT_FIRST + flow % PORTS), sum;
	uint8_t *l4 = frame + in->l4;
	__be32 tail = htonl(in->six ? host : 0x0a400000 + host);
	__be16 be = htons(port);

	memcpy(frame + 14 + (in->six ? 20 : 12), &tail, 4);
	memcpy(l4, &be, 2);
	sum = fold(add(in->sum + port, &tail, 4));
	sum = sum ? sum : 0xffff;
	memcpy(l4 + 6, &sum, 2);
	if (!in->six) {
		memset(frame + 24, 0, 2);
		sum = fold(add(0, frame + 14, sizeof(struct iphdr)));
		memcpy(frame + 24, &sum, 2);
	}
}

/* One batch; frames that the link did not take count as errors. */
static void send_batch(struct inject *in)
{
	int n;

	for (int i = 0; i < BATCH; i++) {
		source(in, in->frame[i], in->next);
		in->next = (in->next + 1) % in->flows;
	}
	n = sendmmsg(in->fd, in->msg, BATCH, 0);
	in->sent += n > 0 ? (uint64_t)n : 0;
	in->errors += n > 0 ? (uint64_t)(BATCH - n) : BATCH;
}

static int open_link(const char *link, int *ret_fd, struct bl_err *err)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(link)};
	BL_CLOSE int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int one = 1;

	if (!at.sll_ifindex)
		return bl_err_set(err, -ENODEV, "--link %s: no such link", link);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		return bl_err_set(err, -errno, "packet socket: %s", strerror(errno));
	*ret_fd = bl_take_fd(&fd);
	return 0;
}

static int read_flags(int argc, char **argv, struct told *t, struct bl_err *err)
{
	const struct bl_flag flags[] = {
		BL_FLAG_TEXT("addr", "literal address of the node", &t->addr),
		BL_FLAG_NUMBER("port", "UDP port (30080)", &t->port, 1, 65535),
		BL_FLAG_TEXT("link", "the link to send on", &t->link),
		BL_FLAG_TEXT("mac", "the MAC address of its far end", &t->mac),
		BL_FLAG_NUMBER("flows", "how many (1)", &t->flows, 1, 1 << 20),
		BL_FLAG_NUMBER("ms", "milliseconds (500)", &t->milliseconds, 1, 600000),
		BL_FLAG_TEXT("netns", "network namespace, name or path", &t->place.netns),
		BL_FLAG_NUMBER("cpu", "CPU to stay on", &t->place.cpu, 0, 1023),
		BL_FLAG_SET("help", "this text", &t->help),
		{},
	};
	int rc = bl_flag_parse(flags, argc, argv, err);

	if (t->help)
		bl_flag_usage(flags, "bench_inject", stdout);
	if (!rc && !t->help && (!t->addr || !t->link || !t->mac))
		return bl_err_set(err, -EINVAL, "--addr, --link and --mac are needed");
	return rc;
}

static int set_up(const struct told *t, struct inject *in, struct bl_err *err)
{
	struct sockaddr_storage to;
	socklen_t len;
	uint8_t mac[6];
	int rc = bl_place_address(t->addr, (uint16_t)t->port, &to, &len, err);

	if (rc)
		return rc;
	if (read_mac(t->mac, mac))
		return bl_err_set(err, -EINVAL, "--mac %s: not a MAC address", t->mac);
	rc = bl_place_enter(&t->place, err);
	if (rc)
		return rc;
	in->six = to.ss_family == AF_INET6;
	in->flows = (uint32_t)t->flows;
	build(in, &to, mac);
	return open_link(t->link, &in->fd, err);
}

int main(int argc, char **argv)
{
	struct told t = {.place.cpu = -1, .port = 30080, .flows = 1, .milliseconds = 500};
	BL_FREE struct inject *in = bl_new0(struct inject);
	struct bl_err err = {};
	uint64_t began, end;

	if (read_flags(argc, argv, &t, &err) || (!t.help && set_up(&t, in, &err))) {
		fprintf(stderr, "bench_inject: %s\n", bl_err_text(&err));
		return 2;
	}
	if (t.help)
		return 0;
	/* every flow once before the clock runs: what a new flow costs is another question */
	for (uint32_t i = 0; i < in->flows; i += BATCH)
		send_batch(in);
	in->sent = in->errors = 0;
	printf("WARM\n");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	began = bl_place_now();
	end = began + (uint64_t)t.milliseconds * 1000000;
	while (bl_place_now() < end)
		send_batch(in);
	end = bl_place_now();
	close(in->fd);
	printf("{\"sent\": %llu, \"errors\": %llu, \"seconds\": %.6f}\n",
	       (unsigned long long)in->sent, (unsigned long long)in->errors,
	       (double)(end - began) / 1e9);
	return in->sent ? 0 : 1;
}
