/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_XDP_STAGE_H
#define BL_TEST_XDP_STAGE_H

#include <stdint.h>

#include "talk.h"

/* The XDP program over a rig's maps. SHOP is a load balancer's address here; its packets come over WORLD's link. */
struct xdp_bpf;

struct xdp_stage {
	struct rig *rig;
	struct xdp_bpf *xdp;
	int ticker; /* a program that returns the tick of hop entries */
};

struct xdp_answer {
	int verdict;
	uint8_t bytes[FRAME_MAX];
	uint32_t len;
	uint8_t sent[FRAME_MAX];
	uint32_t sent_len;
};

/* cmocka's fixtures, with the stage as the group's state. */
uint16_t xdp_tick(const struct xdp_stage *s);
int xdp_setup(void **state);
int xdp_teardown(void **state);
int xdp_reset(void **state);
struct xdp_answer xdp_run_bytes(struct xdp_stage *s, const uint8_t *buf, uint32_t len);
struct xdp_answer xdp_run(struct xdp_stage *s, const struct frame *f);
void xdp_serve(struct xdp_stage *s, int family, enum who pod, uint8_t proto, uint32_t flags);
void xdp_know_hop(struct xdp_stage *s, uint32_t generation, uint16_t found, uint16_t asked);
struct xdp_answer xdp_run_known(struct xdp_stage *s, const struct frame *f);
void xdp_left_to_tc(const struct xdp_answer *a);
void xdp_tunnelled(const struct xdp_answer *a, int family, enum who pod);

#endif
