/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LIB_WIRE_H
#define BENCH_LIB_WIRE_H

#include <stdint.h>

/*
 * What the drivers say to each other. The first byte of a connection, or of a datagram, is the wish, so that every port of the
 * server serves every mode and a Service needs only one.
 */
enum bl_wish {
	BL_WISH_CLOSE = 'c', /* TCP: the same bytes back, then the server closes */
	BL_WISH_KEEP = 'r',  /* TCP: the same bytes back, as often as asked */
	BL_WISH_SINK =
		's', /* TCP: swallow; at the end of input answer the count, 8 bytes, host order */
	BL_WISH_SOURCE = 'g', /* TCP: send until the client has enough */
	BL_WISH_ECHO = 'e',   /* UDP: the same datagram back */
	BL_WISH_FLOOD = 'p',  /* UDP: count by run */
	BL_WISH_ASK = 'q',    /* UDP: the same datagram back, with the run's count */
};

/* The longest request, and the longest datagram: one segment on any link. */
#define BL_WIRE_MAX 1024

/* What a datagram begins with. */
struct bl_datagram {
	uint8_t wish;
	uint8_t pad[3];
	uint32_t run;	/* a number of the client's choice */
	uint64_t value; /* echo: sequence; answer: count */
};

#endif
