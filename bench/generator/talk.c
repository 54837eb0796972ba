// The product's protocol: connect, hello, set_presence, send_message, and what comes back.
//
// A text begins with a marker from which its receiver reads who speaks in which conversation, the how manieth
// message of that direction this is, and when it was due: "@@V" or "@@A", 8 + 8 + 16 hexadecimal digits.
#include "generator.h"

#include <stdlib.h>
#include <string.h>

#define MARKER 35
#define FIRST_MESSAGE 2  // ack numbers: 0 is hello's, 1 set_presence's

static const char *const NAMESPACE[] = {"/visitor,", "/agent,"};
static const char HEX[] = "0123456789abcdef";
static char filler[4096];
static direction (*conversations)[2];

void open_talk(void) {
  static const char sentence[] = "Hello, I have a question about my order. ";
  for (u32 i = 0; i < sizeof filler; i++) filler[i] = sentence[i % (sizeof sentence - 1)];
  conversations = calloc(population, sizeof *conversations);
  if (!conversations) die("memory");
}

// -- writing --------------------------------------------------------------------------------------------------

static char *put(char *at, const char *text) {
  u32 length = strlen(text);
  memcpy(at, text, length);
  return at + length;
}

static char *put_hex(char *at, u64 value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value >>= 4) at[i] = HEX[value & 15];
  return at + digits;
}

static char *put_number(char *at, u32 value) {
  char digits[10];
  int count = 0;
  do digits[count++] = '0' + value % 10;
  while (value /= 10);
  while (count) *at++ = digits[--count];
  return at;
}

// Unique and in the order of time, as the product's own clients make them.
static char *put_client_id(char *at, u32 conversation, u64 moment) {
  static u64 serial;
  at = put_hex(at, moment / 1000000, 12);
  *at++ = '-';
  at = put_hex(at, ++serial, 10);
  *at++ = '-';
  return put_hex(at, conversation, 8);
}

static char *begin(connection *c, char *at, const char *type) { return put(put(at, type), NAMESPACE[c->role]); }

static void join(connection *c) {
  char packet[1 << 15], *end = put(begin(c, packet, "40"), c->auth);
  c->state = JOINING;
  send_text(c, packet, end - packet);
}

static void command(connection *c, const char *words) {
  char packet[256], *end = put(put_number(begin(c, packet, "42"), c->next_ack++), words);
  c->state = GREETING;
  send_text(c, packet, end - packet);
}

// False when this connection waits for too many acks already: the server is behind.
static bool say(connection *c, char side, u32 conversation, u64 moment) {
  if (c->state != READY) return false;
  if (c->waiting >= ACKS) return total.held++, false;
  char packet[8192], *at = put_number(begin(c, packet, "42"), c->next_ack);
  at = put(put(at, "[\"send_message\",{\"ticket\":\""), people[conversation].ticket);
  at = put(at, "\",\"client_id\":\"");
  at = put_client_id(at, conversation, moment);
  at = put(at, "\",\"text\":\"@@");
  *at++ = side;
  at = put_hex(at, conversation, 8);
  at = put_hex(at, ++conversations[conversation][side == 'A'].sent, 8);
  at = put_hex(at, moment, 16);
  u32 rest = text_length > MARKER ? text_length - MARKER : 0;
  memcpy(at, filler, rest);
  at = put(at + rest, "\"}]");
  c->asked[c->next_ack++ % ACKS] = now();
  c->waiting++;
  total.sent++;
  send_text(c, packet, at - packet);
  return true;
}

void visitor_says(u32 index, u64 moment) { say(&people[index], 'V', index, moment); }

// -- reading --------------------------------------------------------------------------------------------------

static u64 read_hex(const u8 *at, int digits) {
  u64 value = 0;
  while (digits--) {
    u8 digit = *at++;
    value = value << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

static void complain(const char *what, const u8 *text, u32 length) {
  static int said;
  if (said++ < 3) fprintf(stderr, "generator: %s: %.*s\n", what, (int)(length < 300 ? length : 300), text);
}

static void greeted(connection *c) {
  c->state = READY;
  c->failures = 0;
  ready++;
  add_sample(&to_hello, now() - c->attempted);
}

static void answered(connection *c, u32 number, bool ok) {
  if (number >= FIRST_MESSAGE) {
    u64 *asked = &c->asked[number % ACKS];
    if (!*asked) return (void)total.stray_acks++;
    if (measuring) add_sample(&to_ack, now() - *asked);
    *asked = 0;
    c->waiting--;
    *(ok ? &total.acked : &total.refused) += 1;
  } else if (!ok) {
    lose(c, "the server refused hello or set_presence");
  } else if (number == 0 && c->role == AGENT) {
    command(c, "[\"set_presence\",{\"state\":\"available\"}]");
  } else {
    c->next_ack = FIRST_MESSAGE;
    greeted(c);
  }
}

static void hear_ack(connection *c, const u8 *text, u32 length) {
  u32 number = 0, i = 0;
  while (i < length && text[i] >= '0' && text[i] <= '9') number = number * 10 + text[i++] - '0';
  bool ok = memmem(text + i, length - i, "\"ok\":true", 9);
  if (!ok) complain("refused", text, length);
  answered(c, number, ok);
}

static bool first_time(direction *d, u32 number) {
  if (number > d->highest) {
    u32 ahead = number - d->highest;
    d->seen = (ahead < 64 ? d->seen << ahead : 0) | 1;
    d->highest = number;
    return true;
  }
  u64 bit = d->highest - number < 64 ? 1ull << (d->highest - number) : 0;
  if (!bit || d->seen & bit) return false;
  d->seen |= bit;
  return true;
}

static void hear_message(connection *c, const u8 *text, u32 length) {
  const u8 *mark = memmem(text, length, "@@", 2);
  if (!mark || mark + MARKER > text + length) return;
  u32 conversation = read_hex(mark + 3, 8), number = read_hex(mark + 11, 8);
  u64 due = read_hex(mark + 19, 16), at = now();
  bool from_visitor = mark[2] == 'V';
  if (conversation >= population || from_visitor != (c->role == AGENT)) return;
  if (!first_time(&conversations[conversation][!from_visitor], number)) return (void)total.doubled++;
  total.delivered++;
  if (measuring) add_sample(from_visitor ? &to_agent : &to_visitor, at - due);
  if (stopping) return;
  if (from_visitor) say(c, 'A', conversation, at);
  else if (answers_go_on) visitor_says(conversation, now());
}

static void hear_event(connection *c, const u8 *text, u32 length) {
  static const char message[] = "[\"message\",";
  // Cards quote what was said, so the name has to be looked at; all other events are only counted.
  if (length > sizeof message && !memcmp(text, message, sizeof message - 1)) hear_message(c, text, length);
  else total.other_events++;
}

static void hear_packet(connection *c, int type, const u8 *text, u32 length) {
  u32 skip = strlen(NAMESPACE[c->role]);
  bool ours = length >= skip && !memcmp(text, NAMESPACE[c->role], skip);
  if (type == '4') complain("not let in", text, length);
  if (type == '4' || type == '1') return lose(c, "the server ended the session");
  if (!ours) return;
  if (type == '0') return command(c, "[\"hello\",{}]");
  if (type == '2') return hear_event(c, text + skip, length - skip);
  if (type == '3') return hear_ack(c, text + skip, length - skip);
}

// One Engine.IO packet.
void hear(connection *c, const u8 *text, u32 length) {
  if (!length) return;
  if (text[0] == '0') join(c);
  else if (text[0] == '2') send_text(c, "3", 1);
  else if (text[0] == '4' && length > 1) hear_packet(c, text[1], text + 2, length - 2);
}
