/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_SOCK_STAGE_H
#define BL_TEST_SOCK_STAGE_H

#include <stdint.h>
#include <sys/socket.h>

#include "beeline/maps.h"

#define BACKENDS  3
#define PORT	  8080
#define VIP_PORT  80
#define NODE_PORT 30080

#define FAMILIES(v6) for (int v6 = 0; v6 < 2; v6++)

/*
 * The socket programs on a stage of their own: attached to a cgroup that holds the test, in a network namespace whose loopback link
 * has the servers. All backends of a family share an address and differ by port. By default all of them serve `sock_vip`, port
 * VIP_PORT, and the NodePort NODE_PORT, for TCP and UDP.
 */
struct stage {
	struct sock_bpf *skel;
	struct bpf_link *link[8];
	char cgroup[300];
	int server[2][2][BACKENDS]; /* family, datagram, backend */
};

extern const char *const sock_vip[2];	 /* by family: IPv4, IPv6 */
extern const char *const sock_second[2]; /* a service's address without services */
extern const char *const sock_lost[2];	 /* in the service range, nobody's */

/* Fills the address, returns its length. */
socklen_t sock_address(int v6, const char *text, uint16_t port, struct sockaddr_storage *ret);
void sock_is(const struct sockaddr_storage *a, const char *text, uint16_t port);
const char *sock_backend_addr(int v6);
void sock_link_up(void); /* the loopback link of the namespace that the test is in */

uint64_t sock_netns_cookie(void);
void sock_backend(struct stage *s, int v6, uint32_t backend, uint32_t generation, int live);
void sock_service(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
		  uint8_t scope, uint32_t first, uint32_t count);

/* The same, whose clients keep their backend. */
void sock_sticky(struct stage *s, int v6, const char *addr, uint16_t port, uint8_t proto,
		 uint32_t first, uint32_t count, uint32_t affinity_s);

/* A socket of `domain` connected to text:port, or the negative errno. */
int sock_dial(int domain, int type, int v6, const char *text, uint16_t port);

/* cmocka's fixtures: the stage as the group's state, all services as by default before each test. */
int sock_setup(void **state);
int sock_teardown(void **state);
int sock_reset(void **state);

#endif
