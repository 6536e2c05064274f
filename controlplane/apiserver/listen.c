// SPDX-License-Identifier: Apache-2.0
/*
 * DOC: Listening sockets.
 *
 * "ADDRESS:PORT" or "[ADDRESS]:PORT", numbers only: a name would need a resolver, which blocks. Port 0 lets the kernel
 * choose, and the caller learns what it got. An IPv6 socket takes IPv6 only, so that the same port can be listened on for
 * both families side by side. The socket is made here rather than by the HTTP library because the library would not say
 * why it failed.
 */
#include "apiserver/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/ip.h"
#include "base/str.h"

#define BACKLOG 512

static int parse_where(const char *where, struct bl_ip *ret_ip, uint16_t *ret_port,
		       struct bl_err *err)
{
	const char *colon = strrchr(where, ':');
	size_t len = colon ? (size_t)(colon - where) : 0;
	bool bracketed = len >= 2 && where[0] == '[' && where[len - 1] == ']';
	char host[64];
	int64_t port;

	if (bracketed)
		snprintf(host, sizeof(host), "%.*s", (int)len - 2, where + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)len, where);
	if (!colon || bl_ip_parse(host, ret_ip) || bracketed != (ret_ip->family == 6) ||
	    bl_str_to_int(colon + 1, 0, 65535, &port))
		return bl_err_set(err, -EINVAL, "'%s' is not ADDRESS:PORT", where);
	*ret_port = (uint16_t)port;
	return 0;
}

static socklen_t make_sockaddr(const struct bl_ip *ip, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (ip->family == 4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, ip->b, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, ip->b, 16);
	return sizeof(*v6);
}

int bl_listen_socket(const char *where, int *ret_fd, char ret_address[BL_LISTEN_STRLEN],
		     struct bl_err *err)
{
	struct bl_ip ip = {};
	uint16_t port = 0;
	struct sockaddr_storage ss;
	socklen_t len;
	char text[BL_IP_STRLEN];
	BL_CLOSE int fd = -1;
	int ret = parse_where(where, &ip, &port, err);
	int one = 1;

	if (ret)
		return ret;
	len = make_sockaddr(&ip, port, &ss);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bl_err_set(err, -errno, "listen on %s: %s", where, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ip.family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len)) {
		ret = errno;
		return bl_err_set(err, ret == EINVAL ? -EIO : -ret, "listen on %s: %s", where,
				  strerror(ret));
	}
	port = ntohs(ip.family == 4 ? ((struct sockaddr_in *)&ss)->sin_port
				    : ((struct sockaddr_in6 *)&ss)->sin6_port);
	snprintf(ret_address, BL_LISTEN_STRLEN, ip.family == 4 ? "%s:%u" : "[%s]:%u",
		 bl_ip_format(&ip, text), port);
	*ret_fd = bl_take_fd(&fd);
	return 0;
}
