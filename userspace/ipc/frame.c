// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Frames on a stream socket.
 *
 * A unix stream has no message boundaries, so each message says its length first. The length is checked against the
 * receiver's bound before a byte of the body is stored: whoever is on the other side cannot make us allocate more. The body
 * is one JSON object, read by the strict reader of base (depth, duplicate keys, UTF-8).
 *
 * A descriptor rides on the first byte of the frame. The kernel never merges bytes that carry descriptors with bytes before
 * them, so the receiver finds it with the first piece that it reads. At most one is expected; more are closed at once, and
 * so is one that arrives where the caller still holds another: a peer cannot fill our descriptor table.
 *
 * Both ends use these functions, the blocking client and the agent's loop: they are the only place that knows the format.
 */

#include "ipc/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"

/* Descriptors that one read takes notice of: what is beyond is dropped by the kernel. */
#define FDS_MAX 8

int bl_ipc_frame_put(struct bl_buf *out, const json_t *body, size_t max)
{
	size_t len = json_dumpb(body, NULL, 0, JSON_COMPACT);
	uint32_t head = htonl((uint32_t)len);

	if (!len || len > max)
		return -EMSGSIZE;
	bl_buf_append(out, &head, sizeof(head));
	(void)json_dumpb(body, bl_buf_reserve(out, len), len, JSON_COMPACT);
	out->len += len;
	out->data[out->len] = '\0';
	return 0;
}

int bl_ipc_frame_get(const char *data, size_t len, size_t max, json_t **ret_body, size_t *ret_need,
		     struct bl_err *err)
{
	uint32_t head;
	size_t body;
	json_t *j;
	int rc;

	if (len < BL_IPC_HEAD_LEN) {
		*ret_need = BL_IPC_HEAD_LEN;
		return -EAGAIN;
	}
	memcpy(&head, data, sizeof(head));
	body = ntohl(head);
	if (body > max)
		return bl_err_set(err, -EMSGSIZE, "frame of %zu bytes, %zu are allowed", body, max);
	if (len < BL_IPC_HEAD_LEN + body) {
		*ret_need = BL_IPC_HEAD_LEN + body;
		return -EAGAIN;
	}
	rc = bl_json_parse(data + BL_IPC_HEAD_LEN, body, &j, err);
	if (rc)
		return -EBADMSG;
	if (!json_is_object(j)) {
		json_decref(j);
		return bl_err_set(err, -EBADMSG, "must be a JSON object");
	}
	*ret_body = j;
	return 0;
}

ssize_t bl_ipc_send(int sock, const char *data, size_t len, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = {.iov_base = (char *)(uintptr_t)data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Keeps the first descriptor of a control message where none is held yet, closes the others. */
static void take_fds(const struct cmsghdr *c, int *ret_fd)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		if (*ret_fd < 0)
			*ret_fd = fd;
		else
			close(fd);
	}
}

ssize_t bl_ipc_recv(int sock, char *data, size_t len, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = data, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			take_fds(c, ret_fd);
	return n;
}
