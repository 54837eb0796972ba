// The product's protocol: connect, hello, set_presence, send_message, acks and events.
//
// The text of a message begins with a marker: "@@V" from a visitor or "@@A" from an agent, then in hexadecimal digits
// the conversation (8), the number of the message in its direction (8), and the moment for which it was scheduled in
// ns (16). The receiver reads from it what arrived, in which order and how late.
#include "generator.h"

#include <stdlib.h>
#include <string.h>

#define MARKER_LENGTH 35
#define FIRST_MESSAGE_ACK 2  // ack number 0 belongs to hello, 1 to set_presence

static const char *const NAMESPACE[] = {"/visitor,", "/agent,"};
static const char HEX[] = "0123456789abcdef";
static char filler[4096];
static direction (*conversations)[2];

void init_protocol(void) {
  static const char sentence[] = "Hello, I have a question about my order. ";
  for (u32 i = 0; i < sizeof filler; i++) filler[i] = sentence[i % (sizeof sentence - 1)];
  conversations = calloc(connection_count, sizeof *conversations);
  if (!conversations) fail("memory");
}

// -- sending --------------------------------------------------------------------------------------------------

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

// A unique id that sorts by time, as the product's own clients make it.
static char *put_client_id(char *at, u32 conversation, u64 moment) {
  static u64 serial;
  at = put_hex(at, moment / 1000000, 12);
  *at++ = '-';
  at = put_hex(at, ++serial, 10);
  *at++ = '-';
  return put_hex(at, conversation, 8);
}

static char *put_header(connection *c, char *at, const char *type) { return put(put(at, type), NAMESPACE[c->role]); }

static void send_connect(connection *c) {
  char packet[1 << 15], *end = put(put_header(c, packet, "40"), c->auth);
  c->state = AWAITING_NAMESPACE;
  send_text(c, packet, end - packet);
}

static void send_command(connection *c, const char *payload) {
  char packet[256], *end = put(put_number(put_header(c, packet, "42"), c->next_ack++), payload);
  c->state = AWAITING_HELLO;
  send_text(c, packet, end - packet);
}

// Sends one message of `side` ('V' or 'A'). A connection with MAX_UNACKED missing acks skips it: the server is behind.
static void send_message(connection *c, char side, u32 conversation, u64 moment) {
  if (c->state != READY) return;
  if (c->unacked >= MAX_UNACKED) return (void)total.skipped++;
  char packet[8192], *at = put_number(put_header(c, packet, "42"), c->next_ack);
  at = put(put(at, "[\"send_message\",{\"ticket\":\""), connections[conversation].ticket);
  at = put(at, "\",\"client_id\":\"");
  at = put_client_id(at, conversation, moment);
  at = put(at, "\",\"text\":\"@@");
  *at++ = side;
  at = put_hex(at, conversation, 8);
  at = put_hex(at, ++conversations[conversation][side == 'A'].sent, 8);
  at = put_hex(at, moment, 16);
  u32 rest = text_length > MARKER_LENGTH ? text_length - MARKER_LENGTH : 0;
  memcpy(at, filler, rest);
  at = put(at + rest, "\"}]");
  c->sent_at[c->next_ack++ % MAX_UNACKED] = now();
  c->unacked++;
  total.sent++;
  send_text(c, packet, at - packet);
}

void send_from_visitor(u32 index, u64 moment) { send_message(&connections[index], 'V', index, moment); }

// -- receiving ------------------------------------------------------------------------------------------------

static u64 read_hex(const u8 *at, int digits) {
  u64 value = 0;
  while (digits--) {
    u8 digit = *at++;
    value = value << 4 | (digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

static void log_problem(const char *what, const u8 *text, u32 length) {
  static int printed;
  if (printed++ < 3) fprintf(stderr, "generator: %s: %.*s\n", what, (int)(length < 300 ? length : 300), text);
}

static void become_ready(connection *c) {
  c->state = READY;
  c->failures = 0;
  ready_count++;
  add_sample(&to_hello, now() - c->attempt_at);
}

static void record_ack(connection *c, u32 number, bool ok) {
  if (number >= FIRST_MESSAGE_ACK) {
    u64 *sent_at = &c->sent_at[number % MAX_UNACKED];
    if (!*sent_at) return (void)total.stray_acks++;
    if (measuring) add_sample(&to_ack, now() - *sent_at);
    *sent_at = 0;
    c->unacked--;
    *(ok ? &total.acked : &total.refused) += 1;
  } else if (!ok) {
    connection_lost(c, "the server refused hello or set_presence");
  } else if (number == 0 && c->role == AGENT) {
    send_command(c, "[\"set_presence\",{\"state\":\"available\"}]");
  } else {
    c->next_ack = FIRST_MESSAGE_ACK;
    become_ready(c);
  }
}

static void receive_ack(connection *c, const u8 *text, u32 length) {
  u32 number = 0, i = 0;
  while (i < length && text[i] >= '0' && text[i] <= '9') number = number * 10 + text[i++] - '0';
  bool ok = memmem(text + i, length - i, "\"ok\":true", 9);
  if (!ok) log_problem("the server refused", text, length);
  record_ack(c, number, ok);
}

static bool is_first_delivery(direction *d, u32 number) {
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

static void receive_message(connection *c, const u8 *text, u32 length) {
  const u8 *marker = memmem(text, length, "@@", 2);
  if (!marker || marker + MARKER_LENGTH > text + length) return;
  u32 conversation = read_hex(marker + 3, 8), number = read_hex(marker + 11, 8);
  u64 scheduled_at = read_hex(marker + 19, 16), received_at = now();
  bool from_visitor = marker[2] == 'V';
  if (conversation >= connection_count || from_visitor != (c->role == AGENT)) return;
  if (!is_first_delivery(&conversations[conversation][!from_visitor], number)) return (void)total.duplicates++;
  total.delivered++;
  if (measuring) add_sample(from_visitor ? &to_agent : &to_visitor, received_at - scheduled_at);
  if (stopping) return;
  if (from_visitor) send_message(c, 'A', conversation, received_at);
  else if (closed_loop) send_from_visitor(conversation, now());
}

static void receive_event(connection *c, const u8 *text, u32 length) {
  static const char message[] = "[\"message\",";
  // Inbox cards quote the text of a message too, so only the event's name tells a message. Other events are counted.
  if (length > sizeof message && !memcmp(text, message, sizeof message - 1)) receive_message(c, text, length);
  else total.other_events++;
}

static void receive_socketio_packet(connection *c, int type, const u8 *text, u32 length) {
  u32 skip = strlen(NAMESPACE[c->role]);
  bool ours = length >= skip && !memcmp(text, NAMESPACE[c->role], skip);
  if (type == '4') log_problem("the server rejected the connection", text, length);
  if (type == '4' || type == '1') return connection_lost(c, "the server ended the session");
  if (!ours) return;
  if (type == '0') return send_command(c, "[\"hello\",{}]");
  if (type == '2') return receive_event(c, text + skip, length - skip);
  if (type == '3') return receive_ack(c, text + skip, length - skip);
}

// Reads one Engine.IO packet.
void receive_packet(connection *c, const u8 *text, u32 length) {
  if (!length) return;
  if (text[0] == '0') send_connect(c);
  else if (text[0] == '2') send_text(c, "3", 1);
  else if (text[0] == '4' && length > 1) receive_socketio_packet(c, text[1], text + 2, length - 2);
}
