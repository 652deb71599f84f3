#include "redirect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CODE_MAX 32
#define MAPPED_PREFIX 0xffff /* third word of an IPv4 address in IPv6's form, ::ffff:a.b.c.d */

/* Where the kernel asks what an address shall be. Sockets for IPv6 that use an address of IPv4 have hooks of their own. */
static const struct hook {
	enum bpf_attach_type type;
	bool six;
	bool back; /* an address that the program is told; else one that it has named */
} hooks[REDIRECT_HOOKS] = {
	{ BPF_CGROUP_INET4_CONNECT, false, false },
	{ BPF_CGROUP_INET6_CONNECT, true, false },
	/* sendto and the like without connect; with an IPv4 address those for IPv6 come by here too */
	{ BPF_CGROUP_UDP4_SENDMSG, false, false },
	{ BPF_CGROUP_UDP4_RECVMSG, false, true },
	{ BPF_CGROUP_UDP6_RECVMSG, true, true },
	{ BPF_CGROUP_INET4_GETPEERNAME, false, true },
	{ BPF_CGROUP_INET6_GETPEERNAME, true, true },
};

struct program {
	struct bpf_insn code[CODE_MAX];
	size_t length;
};

/* ---- an assembler for the few instructions that are needed */

static void add(struct program *program, uint8_t code, uint8_t destination, uint8_t source, int16_t offset,
		int32_t immediate)
{
	program->code[program->length++] = (struct bpf_insn){
		.code = code, .dst_reg = destination & 15, .src_reg = source & 15, .off = offset, .imm = immediate,
	};
}

static void move(struct program *program, uint8_t destination, uint8_t source)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0);
}

static void set(struct program *program, uint8_t destination, int32_t value)
{
	add(program, BPF_ALU64 | BPF_MOV | BPF_K, destination, 0, 0, value);
}

/* 64 bits take two instructions. */
static void set_wide(struct program *program, uint8_t destination, uint64_t value)
{
	add(program, BPF_LD | BPF_DW | BPF_IMM, destination, 0, 0, (int32_t)(uint32_t)value);
	add(program, 0, 0, 0, 0, (int32_t)(uint32_t)(value >> 32));
}

/* Jumps to the end are filled in when it is known where that is: see finish. */
static void leave_unless_same(struct program *program, uint8_t one, uint8_t other)
{
	add(program, BPF_JMP | BPF_JNE | BPF_X, one, other, 0, 0);
}

/* Leaves unless a member of the context, which is at register 6, has this value. */
static void leave_unless(struct program *program, size_t member, uint32_t value)
{
	add(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_6, (int16_t)member, 0);
	add(program, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_1, 0, 0, (int32_t)value);
}

/* The end: whatever has come of it, the call goes on. */
static void finish(struct program *program)
{
	size_t end = program->length;

	for (size_t i = 0; i < end; i++) {
		uint8_t class = BPF_CLASS(program->code[i].code);

		if ((class == BPF_JMP || class == BPF_JMP32) && BPF_OP(program->code[i].code) == BPF_JNE)
			program->code[i].off = (int16_t)(end - i - 1);
	}
	set(program, BPF_REG_0, 1);
	add(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- what is done at each hook */

/*
 *	if (bpf_get_netns_cookie(context) == cookie && context->user_ip… == address && context->user_port == from)
 *		context->user_port = to;
 *	return 1;
 */
static void assemble(struct program *program, bool six, uint64_t cookie, uint32_t address, uint16_t from, uint16_t to)
{
	const size_t words = offsetof(struct bpf_sock_addr, user_ip6);

	program->length = 0;
	move(program, BPF_REG_6, BPF_REG_1);
	add(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_netns_cookie);
	set_wide(program, BPF_REG_1, cookie);
	leave_unless_same(program, BPF_REG_0, BPF_REG_1);
	if (six) {
		leave_unless(program, words, 0);
		leave_unless(program, words + 4, 0);
		leave_unless(program, words + 8, htonl(MAPPED_PREFIX));
		leave_unless(program, words + 12, address);
	} else {
		leave_unless(program, offsetof(struct bpf_sock_addr, user_ip4), address);
	}
	leave_unless(program, offsetof(struct bpf_sock_addr, user_port), htons(from));
	set(program, BPF_REG_1, htons(to));
	add(program, BPF_STX | BPF_MEM | BPF_W, BPF_REG_6, BPF_REG_1, offsetof(struct bpf_sock_addr, user_port), 0);
	finish(program);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);

	return result < 0 ? -errno : (int)result;
}

/* Both return a descriptor or -errno. */
static int load(const struct program *program, enum bpf_attach_type type)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes);
	attributes.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
	attributes.expected_attach_type = type;
	attributes.insns = (uintptr_t)program->code;
	attributes.insn_cnt = (uint32_t)program->length;
	attributes.license = (uintptr_t) "Apache-2.0";
	return bpf(BPF_PROG_LOAD, &attributes);
}

/* A link lets others attach their own beside it, above and below. */
static int attach(int program, int cgroup, enum bpf_attach_type type)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof attributes);
	attributes.link_create.prog_fd = (uint32_t)program;
	attributes.link_create.target_fd = (uint32_t)cgroup;
	attributes.link_create.attach_type = type;
	return bpf(BPF_LINK_CREATE, &attributes);
}

void redirect_none(struct redirect *redirect)
{
	for (size_t i = 0; i < REDIRECT_HOOKS; i++)
		redirect->hooks[i] = -1;
}

int redirect_open(struct redirect *redirect, const char *cgroup, uint64_t namespace_cookie, uint32_t address,
		  uint16_t port, uint16_t real_port)
{
	int directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = directory < 0 ? -errno : 0;

	redirect_none(redirect);
	for (size_t i = 0; i < REDIRECT_HOOKS && result >= 0; i++) {
		const struct hook *hook = &hooks[i];
		struct program program;
		int fd;

		assemble(&program, hook->six, namespace_cookie, address, hook->back ? real_port : port,
			 hook->back ? port : real_port);
		fd = load(&program, hook->type);
		result = fd < 0 ? fd : attach(fd, directory, hook->type);
		redirect->hooks[i] = result < 0 ? -1 : result;
		if (fd >= 0)
			close(fd);
	}
	if (directory >= 0)
		close(directory);
	if (result < 0)
		redirect_close(redirect);
	return result < 0 ? result : 0;
}

void redirect_close(struct redirect *redirect)
{
	for (size_t i = 0; i < REDIRECT_HOOKS; i++)
		if (redirect->hooks[i] >= 0)
			close(redirect->hooks[i]);
	redirect_none(redirect);
}
