/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BL_BASE_VERSION_H
#define BL_BASE_VERSION_H

#define BEELINE_VERSION "0.1.0"

#endif
