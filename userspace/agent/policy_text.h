/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_AGENT_POLICY_TEXT_H
#define BL_AGENT_POLICY_TEXT_H

#include <jansson.h>

#include "api/networkpolicy.h"

/* "{app=web,tier in (a,b),!old}" */
json_t *bl_policy_text_selector(const struct bl_api_selector *s);

/* {"peers": [TEXT], "ports": [TEXT]}; neither is empty. */
json_t *bl_policy_text_rule(const struct bl_api_policy_rule *rule);

#endif
