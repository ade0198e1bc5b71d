package latchkey;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One connection to one Redis server, in RESP2: as much of a client as a reader of sessions needs. Connects when it is
 * first used, and again after it was lost. One command at a time: share it between few threads, or have several.
 */
public final class RespConnection implements SessionReader.Redis, AutoCloseable {
    /** Says how to connect. */
    private interface Opener {
        Wire open() throws IOException;
    }

    /** An open connection. */
    private record Wire(InputStream in, OutputStream out, AutoCloseable socket) {}

    private final Opener opener;
    private final String user;
    private final String password;
    private Wire wire;

    private RespConnection(Opener opener, String user, String password) {
        this.opener = opener;
        this.user = user;
        this.password = password;
    }

    /**
     * Over TCP.
     *
     * @param tls null: in clear; else the server's certificate and name are checked
     * @param timeoutMs longest wait for the connection, and for each answer
     */
    public static RespConnection tcp(
            String host, int port, SSLSocketFactory tls, String user, String password, int timeoutMs) {
        return new RespConnection(() -> {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(host, port), timeoutMs);
                socket.setSoTimeout(timeoutMs);
                socket.setTcpNoDelay(true);
                if (tls != null) socket = secured(tls, socket, host, port);
                return new Wire(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream(), socket);
            } catch (IOException error) {
                socket.close();
                throw error;
            }
        }, user, password);
    }

    /** Over a unix socket. */
    public static RespConnection unix(Path path, String user, String password, int timeoutMs) {
        return new RespConnection(() -> {
            SocketAddress address = UnixDomainSocketAddress.of(path);
            SocketChannel channel = SocketChannel.open(address);
            channel.configureBlocking(false);
            Selector selector = Selector.open();
            channel.register(selector, SelectionKey.OP_READ);
            AutoCloseable both = () -> {
                selector.close();
                channel.close();
            };
            InputStream in = new BufferedInputStream(new ChannelInput(channel, selector, timeoutMs));
            return new Wire(in, new ChannelOutput(channel), both);
        }, user, password);
    }

    private static Socket secured(SSLSocketFactory tls, Socket plain, String host, int port) throws IOException {
        SSLSocket socket = (SSLSocket) tls.createSocket(plain, host, port, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    @Override
    public synchronized SessionReader.Reply mgetAndTime(List<String> keys) throws IOException {
        boolean used = wire != null;
        try {
            return ask(keys);
        } catch (SocketTimeoutException late) {
            throw late;
        } catch (IOException lost) {
            // A server closes connections that nobody used for a while. A read may be sent again.
            if (!used) throw lost;
            return ask(keys);
        }
    }

    @Override
    public synchronized void close() {
        Wire old = wire;
        wire = null;
        try {
            if (old != null) old.socket().close();
        } catch (Exception ignored) {
            // It is gone either way.
        }
    }

    private SessionReader.Reply ask(List<String> keys) throws IOException {
        try {
            if (wire == null) {
                wire = opener.open();
                if (password != null) {
                    wire.out().write(command(List.of("AUTH", user, password)));
                    read();
                }
            }
            List<String> mget = new ArrayList<>(List.of("MGET"));
            mget.addAll(keys);
            byte[] first = command(mget);
            byte[] second = command(List.of("TIME"));
            byte[] both = new byte[first.length + second.length];
            System.arraycopy(first, 0, both, 0, first.length);
            System.arraycopy(second, 0, both, first.length, second.length);
            wire.out().write(both);
            List<byte[]> values = texts(read(), keys.size());
            List<byte[]> time = texts(read(), 2);
            return new SessionReader.Reply(values, Long.parseLong(ascii(time.get(0))), Long.parseLong(ascii(time.get(1))));
        } catch (IOException error) {
            // What still comes must not be taken for an answer to the next question.
            close();
            throw error;
        } catch (RuntimeException garbled) {
            close();
            throw new IOException("no RESP", garbled);
        }
    }

    private static byte[] command(List<String> words) {
        StringBuilder text = new StringBuilder("*" + words.size() + "\r\n");
        for (String word : words) {
            // One character is one byte in the text: keys and passwords that are not ASCII are taken apart here.
            byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
            text.append('$').append(bytes.length).append("\r\n");
            text.append(new String(bytes, StandardCharsets.ISO_8859_1)).append("\r\n");
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** One reply: byte[], a list of replies, or null. */
    private Object read() throws IOException {
        String line = readLine();
        String rest = line.substring(1);
        switch (line.charAt(0)) {
            case '+':
            case ':':
                return rest.getBytes(StandardCharsets.ISO_8859_1);
            case '$': {
                int length = Integer.parseInt(rest);
                if (length < 0) return null;
                byte[] bytes = wire.in().readNBytes(length);
                if (bytes.length < length || wire.in().readNBytes(2).length < 2) throw new EOFException();
                return bytes;
            }
            case '*': {
                List<Object> items = new ArrayList<>();
                for (int left = Integer.parseInt(rest); left > 0; left--) items.add(read());
                return items;
            }
            default:
                // Its first word only: the rest may name keys.
                throw new IOException("Redis answered " + rest.split(" ", 2)[0]);
        }
    }

    private String readLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = wire.in().read(); c != '\n'; c = wire.in().read()) {
            if (c < 0) throw new EOFException();
            if (c != '\r') line.append((char) c);
        }
        if (line.length() == 0) throw new IOException("no RESP");
        return line.toString();
    }

    private static List<byte[]> texts(Object reply, int count) throws IOException {
        if (!(reply instanceof List<?> items) || items.size() != count) throw new IOException("another reply than expected");
        List<byte[]> texts = new ArrayList<>();
        for (Object item : items) texts.add(item instanceof byte[] bytes ? bytes : null);
        return texts;
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    /** Unix sockets have no read timeout in Java; a selector has. */
    private static final class ChannelInput extends InputStream {
        private final SocketChannel channel;
        private final Selector selector;
        private final int timeoutMs;

        ChannelInput(SocketChannel channel, Selector selector, int timeoutMs) {
            this.channel = channel;
            this.selector = selector;
            this.timeoutMs = timeoutMs;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            for (int n = channel.read(buffer); ; n = channel.read(buffer)) {
                if (n != 0) return n;
                selector.select(timeoutMs);
                if (selector.selectedKeys().isEmpty()) throw new SocketTimeoutException("Redis took too long");
                selector.selectedKeys().clear();
            }
        }
    }

    private static final class ChannelOutput extends OutputStream {
        private final SocketChannel channel;

        ChannelOutput(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
            // A question is far smaller than the socket's buffer; a server that reads nothing is not waited for.
            while (buffer.hasRemaining()) {
                if (channel.write(buffer) == 0) throw new SocketTimeoutException("Redis takes nothing");
            }
        }
    }
}
