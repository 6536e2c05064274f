/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_TEST_TALK_H
#define BL_TEST_TALK_H

#include <netinet/in.h>

#include "rig.h"

/* What the cast says to each other: the packets of a flow as they would come, and what they must have become. */

#define FAMILIES(f) for (int f = 4; f <= 6; f += 2)

/* TCP, UDP, SCTP in turn. */
#define PROTOS(p) for (uint8_t p##_i = 0, p; p##_i < 3 && ((p = talk_protos[p##_i]), 1); p##_i++)

extern const uint8_t talk_protos[3];

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

/* The first packet of a flow. */
struct frame talk_open(int family, enum who from, enum who to, uint8_t proto, uint16_t sport,
		       uint16_t dport);

/* What the receiver of `out` would send back, as it arrives over the link of `from`. */
struct frame talk_answer(const struct frame *out, enum who from);

/* An ICMP error (port unreachable) about `inner`, from whoever, to the sender of inner. */
struct frame talk_error(const struct frame *inner, enum who from);

/* SHOP serves port 80 with backend 7: port 8080 of the pod. */
void talk_shop(struct rig *r, int family, enum who pod, uint8_t proto);

/* The address is that of one of the cast. */
void talk_is(const uint8_t *addr, int family, enum who who);

/* The packet came back to its sender as a refusal of the service. */
void talk_refused(const struct outcome *o, const struct frame *f, enum bl_reason reason);

/* cmocka's fixtures: a rig as the group's state, reset before each test. */
int talk_setup(void **state);
int talk_setup_by_helpers(void **state);
int talk_teardown(void **state);
int talk_reset(void **state);

#endif
