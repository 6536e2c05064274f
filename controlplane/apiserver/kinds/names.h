/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_APISERVER_KINDS_NAMES_H
#define BL_APISERVER_KINDS_NAMES_H

#include "apiserver/kinds/check.h"

/* The grammars of names, after k8s.io/apimachinery/pkg/util/validation. Each gives the broken rules. */
struct bl_rules bl_rule_dns_label(const char *s);     /* RFC 1123, at most 63 */
struct bl_rules bl_rule_dns_subdomain(const char *s); /* RFC 1123, at most 253 */
struct bl_rules bl_rule_dns1035_label(const char *s); /* starts with a letter */
struct bl_rules bl_rule_fqdn(const char *s); /* two labels or more, a trailing dot is allowed */
struct bl_rules bl_rule_qualified_name(const char *s); /* [prefix/]name: label keys */
struct bl_rules bl_rule_label_value(const char *s);
struct bl_rules bl_rule_annotation_key(const char *s); /* a qualified name in any case */
struct bl_rules bl_rule_port_name(const char *s);      /* IANA_SVC_NAME, RFC 6335 */
struct bl_rules bl_rule_config_key(const char *s);     /* ConfigMap and Secret keys */
struct bl_rules bl_rule_env_name(const char *s);       /* printable ASCII without '=' */
struct bl_rules bl_rule_http_header(const char *s);
struct bl_rules bl_rule_path_segment(const char *s); /* no '/', no '%', not "." or ".." */
struct bl_rules bl_rule_domain_path(const char *s);  /* prefix/path: finalizers of namespaces */

#endif
