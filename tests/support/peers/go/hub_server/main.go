// A broadcast hub on gorilla/websocket: what one client says, every client hears. Peer of the black-box tests; prints
// "listening ADDRESS" once it accepts.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

type hub struct {
	mutex   sync.Mutex
	members map[*websocket.Conn]chan []byte
}

func (h *hub) join(c *websocket.Conn) chan []byte {
	outgoing := make(chan []byte, 1024)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.members[c] = outgoing
	return outgoing
}

func (h *hub) leave(c *websocket.Conn) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	close(h.members[c])
	delete(h.members, c)
}

func (h *hub) broadcast(message []byte) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, outgoing := range h.members {
		outgoing <- message
	}
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	outgoing := h.join(c)
	outgoing <- []byte("joined")
	go func() {
		for message := range outgoing {
			c.WriteMessage(websocket.TextMessage, message)
		}
		c.Close()
	}()
	for {
		_, message, err := c.ReadMessage()
		if err != nil {
			h.leave(c)
			return
		}
		h.broadcast(message)
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "host:port")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	h := &hub{members: map[*websocket.Conn]chan []byte{}}
	log.Fatal(http.Serve(listener, http.HandlerFunc(h.serve)))
}
